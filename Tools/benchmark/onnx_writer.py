"""A network as float ONNX: batch normalizations as nodes, operators as torchvision's own export has them."""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import EPSILON

# HardSwish is of operator set 14.
OPERATOR_SET = 14
ACTIVATIONS = {
    "relu": ("Relu", {}),
    "hard_swish": ("HardSwish", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
}


class ONNXWriter:
    def __init__(self, network):
        self.network = network
        self.nodes, self.constants = [], []
        for layer in network.layers:
            getattr(self, "_" + layer.kind)(layer)

    @property
    def model(self):
        net, last = self.network, self.network.layers[-1]
        shape = [1, net.channels, net.height, net.width]
        flat = last.kind in ("dense", "softmax")
        result = [1, last.output.shape[0]] if flat else [1, *last.output.shape]
        graph = helper.make_graph(
            self.nodes,
            net.name,
            [helper.make_tensor_value_info(net.input.name, TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(last.output.name, TensorProto.FLOAT, result)],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPERATOR_SET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _constant(self, name, array):
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def _node(self, kind, inputs, output, **attributes):
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))

    def _activated(self, layer, value):
        """The activation from `value` to the layer's output; its name if there is none to apply."""
        output = layer.output.name
        if layer.activation == "relu6":

            low = self._constant(output + ".low", numpy.array(0, numpy.float32))
            high = self._constant(output + ".high", numpy.array(6, numpy.float32))
            self._node("Clip", [value, low, high], output)
        elif layer.activation:
            kind, attributes = ACTIVATIONS[layer.activation]
            self._node(kind, [value], output, **attributes)

    def _before(self, layer):
        """Name of the value before the activation."""
        return layer.output.name + ".linear" if layer.activation else layer.output.name

    def _convolution(self, layer):
        output = layer.output.name
        inputs = [layer.inputs[0].name, self._constant(output + ".weight", layer.weight)]
        if layer.bias is not None:
            inputs.append(self._constant(output + ".bias", layer.bias))
        linear = self._before(layer)
        product = output + ".product" if layer.batch_norm else linear
        self._node("Conv", inputs, product, kernel_shape=list(layer.kernel), strides=list(layer.stride),
                   pads=list(layer.pads), group=layer.groups)
        if layer.batch_norm:
            names = ("scale", "offset", "mean", "variance")
            parts = [self._constant(f"{output}.{name}", part) for name, part in zip(names, layer.batch_norm)]
            self._node("BatchNormalization", [product, *parts], linear, epsilon=EPSILON)
        self._activated(layer, linear)

    def _dense(self, layer):
        output, value = layer.output.name, layer.inputs[0].name
        if not any(other.output == layer.inputs[0] and other.kind == "dense" for other in self.network.layers):
            self._node("Flatten", [value], output + ".flat", axis=1)
            value = output + ".flat"
        inputs = [value, self._constant(output + ".weight", layer.weight), self._constant(output + ".bias", layer.bias)]
        self._node("Gemm", inputs, self._before(layer), transB=1)
        self._activated(layer, self._before(layer))

    def _maximum(self, layer):
        self._node("MaxPool", [layer.inputs[0].name], layer.output.name, kernel_shape=list(layer.kernel),
                   strides=list(layer.stride), pads=list(layer.pads))

    def _average(self, layer):
        self._node("GlobalAveragePool", [layer.inputs[0].name], layer.output.name)

    def _add(self, layer):
        self._node("Add", [x.name for x in layer.inputs], self._before(layer))
        self._activated(layer, self._before(layer))

    def _multiply(self, layer):
        self._node("Mul", [x.name for x in layer.inputs], layer.output.name)

    def _concat(self, layer):
        self._node("Concat", [x.name for x in layer.inputs], layer.output.name, axis=1)

    def _split(self, layer):
        # Equal parts could be left out, but ncnn's converter then loses them.
        sizes = self._constant(layer.output.name + ".sizes", numpy.array([x.shape[0] for x in layer.outputs]))
        self._node("Split", [layer.inputs[0].name, sizes], [x.name for x in layer.outputs], axis=1)

    def _shuffle(self, layer):

        output, (channels, height, width) = layer.output.name, layer.output.shape
        groups = layer.groups
        apart = self._constant(output + ".apart", numpy.array([1, groups, channels // groups, height, width]))
        joined = self._constant(output + ".joined", numpy.array([1, channels, height, width]))
        self._node("Reshape", [layer.inputs[0].name, apart], output + ".groups")
        self._node("Transpose", [output + ".groups"], output + ".turned", perm=[0, 2, 1, 3, 4])
        self._node("Reshape", [output + ".turned", joined], output)

    def _softmax(self, layer):
        self._node("Softmax", [layer.inputs[0].name], layer.output.name, axis=1)


def write(network, path):
    onnx.save(ONNXWriter(network).model, path)
