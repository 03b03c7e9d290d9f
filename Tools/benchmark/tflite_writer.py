"""A network as float TensorFlow Lite, written with the classes of the schema that LiteRT brings.

Images are height x width x channels there. Where torchvision pads both sides and the stride is 2, SAME pads the other side:
the same work."""

import flatbuffers
import numpy
from ai_edge_litert import schema_py_generated as schema

OPERATORS = schema.BuiltinOperator
FUSED = {"": 0, "relu": schema.ActivationFunctionType.RELU, "relu6": schema.ActivationFunctionType.RELU6}


class TFLiteWriter:
    def __init__(self, network):
        self.network = network
        self.buffers = [schema.BufferT()]
        self.tensors, self.operators, self.codes, self.indices = [], [], [], {}
        source = self._tensor(network.input.name, self._image(network.input))
        for layer in network.layers:
            getattr(self, "_" + layer.kind)(layer)
        self.inputs, self.outputs = [source], [self.indices[network.output.name]]

    @property
    def bytes(self):
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors, graph.operators, graph.inputs, graph.outputs = self.tensors, self.operators, self.inputs, self.outputs
        model = schema.ModelT()
        model.version, model.description = 3, self.network.name
        model.subgraphs, model.buffers, model.operatorCodes = [graph], self.buffers, self.codes
        model.signatureDefs = [self._signature()]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _signature(self):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = "serving_default", 0
        for name, index, target in (("input", self.inputs[0], "inputs"), ("output", self.outputs[0], "outputs")):
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name, index
            setattr(signature, target, [entry])
        return signature

    @staticmethod
    def _image(tensor):
        channels, height, width = tensor.shape
        return [1, height, width, channels]

    def _tensor(self, name, shape, data=None):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, [int(side) for side in shape], 0
        tensor.type = schema.TensorType.INT32 if data is not None and data.dtype == numpy.int32 else schema.TensorType.FLOAT32
        tensor.shapeSignature = None
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = numpy.frombuffer(numpy.ascontiguousarray(data).tobytes(), numpy.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        self.indices[name] = len(self.tensors) - 1
        return len(self.tensors) - 1

    def _constant(self, name, array):
        return self._tensor(name, array.shape, array)

    def _operator(self, code, inputs, outputs, options=None):
        for known, entry in enumerate(self.codes):
            if entry.builtinCode == code:
                index = known
                break
        else:
            entry = schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
            self.codes.append(entry)
            index = len(self.codes) - 1
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = index, inputs, outputs
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
        self.operators.append(operator)

    def _input(self, layer, index=0):
        return self.indices[layer.inputs[index].name]

    def _result(self, layer, shape=None):
        """The tensor that the layer's own operator writes, and what then makes the layer's output of it."""
        shape = shape or self._image(layer.output)
        if layer.activation in FUSED:
            return self._tensor(layer.output.name, shape), lambda: None
        linear = self._tensor(layer.output.name + ".linear", shape)

        def finish():
            output = self._tensor(layer.output.name, shape)
            if layer.activation == "hard_swish":
                self._operator(OPERATORS.HARD_SWISH, [linear], [output])
                return
            # A hard sigmoid: relu6(x + 3) / 6.
            shifted = self._tensor(layer.output.name + ".shifted", shape)
            add, multiply = schema.AddOptionsT(), schema.MulOptionsT()
            add.fusedActivationFunction = FUSED["relu6"]
            three, sixth = (self._constant(f"{layer.output.name}.{name}", numpy.array([value], numpy.float32))
                            for name, value in (("three", 3), ("sixth", 1 / 6)))
            self._operator(OPERATORS.ADD, [linear, three], [shifted], add)
            self._operator(OPERATORS.MUL, [shifted, sixth], [output], multiply)

        return linear, finish

    @staticmethod
    def _padding(layer):
        sides = layer.inputs[0].shape[1:]
        out = layer.output.shape[1:]
        if all(-(-side // stride) == size for side, stride, size in zip(sides, layer.stride, out)):
            return schema.Padding.SAME
        if all((side - k) // stride + 1 == size for side, k, stride, size in zip(sides, layer.kernel, layer.stride, out)):
            return schema.Padding.VALID
        raise ValueError(f"{layer.output.name}: no padding of TensorFlow gives {out} of {sides}")

    def _convolution(self, layer):
        weight, bias = layer.folded()
        is_depthwise = layer.groups > 1
        options = schema.DepthwiseConv2DOptionsT() if is_depthwise else schema.Conv2DOptionsT()
        options.padding = self._padding(layer)
        options.strideH, options.strideW = layer.stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = FUSED.get(layer.activation, 0)
        if is_depthwise:
            options.depthMultiplier = 1
        name = layer.output.name
        kernel = weight.transpose(1, 2, 3, 0) if is_depthwise else weight.transpose(0, 2, 3, 1)
        inputs = [self._input(layer), self._constant(name + ".weight", kernel), self._constant(name + ".bias", bias)]
        output, finish = self._result(layer)
        self._operator(OPERATORS.DEPTHWISE_CONV_2D if is_depthwise else OPERATORS.CONV_2D, inputs, [output], options)
        finish()

    def _dense(self, layer):
        name, source = layer.output.name, self._input(layer)
        count = layer.inputs[0].shape[0]
        if len(self.tensors[source].shape) != 2:
            flat = self._tensor(name + ".flat", [1, count])
            shape = numpy.array([1, count], numpy.int32)
            options = schema.ReshapeOptionsT()
            options.newShape = shape.tolist()
            self._operator(OPERATORS.RESHAPE, [source, self._constant(name + ".shape", shape)], [flat], options)
            source = flat
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = FUSED.get(layer.activation, 0)
        inputs = [source, self._constant(name + ".weight", layer.weight), self._constant(name + ".bias", layer.bias)]
        output, finish = self._result(layer, [1, layer.output.shape[0]])
        self._operator(OPERATORS.FULLY_CONNECTED, inputs, [output], options)
        finish()

    def _maximum(self, layer):
        options = schema.Pool2DOptionsT()
        options.filterHeight, options.filterWidth = layer.kernel
        options.strideH, options.strideW = layer.stride
        options.padding = self._padding(layer)
        output = self._tensor(layer.output.name, self._image(layer.output))
        self._operator(OPERATORS.MAX_POOL_2D, [self._input(layer)], [output], options)

    def _average(self, layer):
        # As TensorFlow's converter has it; XNNPACK takes no int8 AVERAGE_POOL_2D.
        options = schema.ReducerOptionsT()
        options.keepDims = True
        axes = self._constant(layer.output.name + ".axes", numpy.array([1, 2], numpy.int32))
        output = self._tensor(layer.output.name, self._image(layer.output))
        self._operator(OPERATORS.MEAN, [self._input(layer), axes], [output], options)

    def _add(self, layer):
        options = schema.AddOptionsT()
        options.fusedActivationFunction = FUSED[layer.activation]
        output = self._tensor(layer.output.name, self._image(layer.output))
        self._operator(OPERATORS.ADD, [self._input(layer), self._input(layer, 1)], [output], options)

    def _multiply(self, layer):
        output = self._tensor(layer.output.name, self._image(layer.output))
        self._operator(OPERATORS.MUL, [self._input(layer), self._input(layer, 1)], [output], schema.MulOptionsT())

    def _concat(self, layer):
        options = schema.ConcatenationOptionsT()
        options.axis = 3
        output = self._tensor(layer.output.name, self._image(layer.output))
        self._operator(OPERATORS.CONCATENATION, [self._input(layer, k) for k in range(len(layer.inputs))], [output], options)

    def _split(self, layer):
        options = schema.SplitOptionsT()
        options.numSplits = 2
        axis = self._constant(layer.output.name + ".axis", numpy.array(3, numpy.int32))
        outputs = [self._tensor(x.name, self._image(x)) for x in layer.outputs]
        self._operator(OPERATORS.SPLIT, [axis, self._input(layer)], outputs, options)

    def _shuffle(self, layer):
        name, (channels, height, width) = layer.output.name, layer.output.shape
        value = self._input(layer)
        apart, turned = [1, height, width, layer.groups, channels // layer.groups], [1, height, width, channels // layer.groups, layer.groups]
        for step, shape in (("apart", apart), ("turned", turned), ("joined", self._image(layer.output))):
            output = self._tensor(name if step == "joined" else f"{name}.{step}", shape)
            if step == "turned":
                order = self._constant(name + ".order", numpy.array([0, 1, 2, 4, 3], numpy.int32))
                self._operator(OPERATORS.TRANSPOSE, [value, order], [output], schema.TransposeOptionsT())
            else:
                options = schema.ReshapeOptionsT()
                options.newShape = shape
                target = self._constant(f"{name}.{step}.shape", numpy.array(shape, numpy.int32))
                self._operator(OPERATORS.RESHAPE, [value, target], [output], options)
            value = output

    def _softmax(self, layer):
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        output = self._tensor(layer.output.name, [1, layer.output.shape[0]])
        self._operator(OPERATORS.SOFTMAX, [self._input(layer)], [output], options)


def write(network, path):
    with open(path, "wb") as file:
        file.write(TFLiteWriter(network).bytes)
