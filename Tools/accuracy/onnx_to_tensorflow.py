"""An ONNX graph as a TensorFlow function, which is what LiteRT's converter reads: images become N × H × W × C.

Four-dimensional values are held with their channels last. Operators that classifiers need, no more; others are an error."""

import numpy
import onnx
import tensorflow as tf
from onnx import numpy_helper

PLACE = (0, 3, 1, 2)  # where an axis of N × C × H × W is in N × H × W × C


class Translation:
    def __init__(self, path):
        graph = onnx.load(path).graph
        self.nodes = graph.node
        self.constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self.input = next(one for one in graph.input if one.name not in self.constants)
        self.output = graph.output[0].name
        self.is_positive = set()

    def shape(self):
        sizes = [max(size.dim_value, 1) for size in self.input.type.tensor_type.shape.dim]
        return [sizes[0], sizes[2], sizes[3], sizes[1]]

    def __call__(self, pixels):
        values = {self.input.name: pixels}
        for node in self.nodes:
            kind = node.op_type
            translate = getattr(self, f"translate_{kind}", None)
            if translate is None:
                raise ValueError(f"{node.name}: operator {kind} has no translation to TensorFlow here")
            attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            inputs = [None if not name else values[name] if name in values else self.constants[name] for name in node.input]
            if kind in ("Relu", "Clip", "Sigmoid") or kind in ("MaxPool", "AveragePool", "Concat", "GlobalAveragePool") and all(
                    name in self.is_positive for name in node.input):
                self.is_positive.add(node.output[0])
            attributes["input is positive"] = node.input and node.input[0] in self.is_positive
            values[node.output[0]] = translate(attributes, *inputs)
        return values[self.output]

    def translate_Conv(self, attributes, value, weights, bias=None):
        groups, strides = attributes.get("group", 1), attributes.get("strides", [1, 1])
        dilations = attributes.get("dilations", [1, 1])
        value, padding = padded(value, weights.shape[2:], strides, dilations, attributes)
        channels = value.shape[3]
        if groups == channels and groups > 1 and weights.shape[1] == 1:
            multiplier = weights.shape[0] // groups
            kernel = weights.reshape(groups, multiplier, *weights.shape[2:]).transpose(2, 3, 0, 1)
            result = tf.nn.depthwise_conv2d(value, kernel, [1, *strides, 1], padding, dilations=dilations)
        else:
            result = tf.nn.conv2d(value, weights.transpose(2, 3, 1, 0), strides, padding, dilations=dilations)
        return result if bias is None else tf.nn.bias_add(result, bias)

    def translate_MaxPool(self, attributes, value):
        kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
        if not attributes["input is positive"] and same_or_valid(value, kernel, strides, [1, 1], attributes) is None:
            raise ValueError("a maximum pool with padding of values that may be negative")
        value, padding = padded(value, kernel, strides, [1, 1], attributes)
        return tf.nn.max_pool2d(value, kernel, strides, padding)

    def translate_AveragePool(self, attributes, value):
        kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
        padding = same_or_valid(value, kernel, strides, [1, 1], attributes)
        if padding is None or padding == "SAME" and attributes.get("count_include_pad"):
            raise ValueError("an average pool with padding that TensorFlow does not have")
        return tf.nn.avg_pool2d(value, kernel, strides, padding)

    def translate_GlobalAveragePool(self, attributes, value):
        return tf.reduce_mean(value, [1, 2], keepdims=True)

    def translate_ReduceMean(self, attributes, value, axes=None):
        axes = attributes["axes"] if axes is None else axes.tolist()
        keeps = bool(attributes.get("keepdims", 1))
        mean = tf.reduce_mean(value, [PLACE[axis] for axis in axes], keepdims=keeps)
        if not keeps and sorted(axis % 4 for axis in axes) != [2, 3]:
            raise ValueError("a mean over other axes than height and width")
        return mean

    def translate_Relu(self, attributes, value):
        return tf.nn.relu(value)

    def translate_Clip(self, attributes, value, low=None, high=None):
        low, high = attributes.get("min", low), attributes.get("max", high)
        if low == 0 and high == 6:
            return tf.nn.relu6(value)
        if low == 0 and high is None:
            return tf.nn.relu(value)
        return tf.clip_by_value(value, float(low), float(high))

    def translate_Sigmoid(self, attributes, value):
        return tf.sigmoid(value)

    def translate_HardSigmoid(self, attributes, value):
        return tf.nn.relu6(value * (6 * attributes.get("alpha", 0.2)) + 6 * attributes.get("beta", 0.5)) / 6

    def translate_HardSwish(self, attributes, value):
        return value * tf.nn.relu6(value + 3) / 6

    def translate_Softmax(self, attributes, value):
        return tf.nn.softmax(value)

    def translate_BatchNormalization(self, attributes, value, scale, bias, mean, variance):
        factor = scale / numpy.sqrt(variance + attributes.get("epsilon", 1e-5))
        return value * factor + (bias - mean * factor)

    def translate_Add(self, attributes, one, other):
        return arranged(one) + arranged(other)

    def translate_Sub(self, attributes, one, other):
        return arranged(one) - arranged(other)

    def translate_Mul(self, attributes, one, other):
        return arranged(one) * arranged(other)

    def translate_Div(self, attributes, one, other):
        return arranged(one) / arranged(other)

    def translate_Concat(self, attributes, *values):
        axis = attributes["axis"]
        return tf.concat(values, PLACE[axis] if len(values[0].shape) == 4 else axis)

    def translate_Slice(self, attributes, value, starts, ends, axes=None, steps=None):
        parts = [slice(None)] * len(value.shape)
        for index, (start, end) in enumerate(zip(starts.tolist(), ends.tolist())):
            axis = int(axes[index]) if axes is not None else index
            step = int(steps[index]) if steps is not None else 1
            size = value.shape[PLACE[axis] if len(parts) == 4 else axis]
            parts[PLACE[axis] if len(parts) == 4 else axis] = slice(start, min(end, size), step)
        return value[tuple(parts)]

    def translate_Pad(self, attributes, value, pads=None, constant=None):
        pads = (attributes["pads"] if pads is None else pads.tolist())
        rank = len(pads) // 2
        pairs = [(pads[axis], pads[rank + axis]) for axis in range(rank)]
        if rank == 4:
            pairs = [pairs[0], pairs[2], pairs[3], pairs[1]]
        return tf.pad(value, pairs, constant_values=0 if constant is None else float(constant))

    def translate_Flatten(self, attributes, value):
        return tf.reshape(channels_first(value), [value.shape[0], -1])

    def translate_Reshape(self, attributes, value, shape):
        sizes = [int(size) for size in shape]
        if len(sizes) == 4:
            raise ValueError(f"a reshape to {sizes}")
        return tf.reshape(channels_first(value), [value.shape[0], *sizes[1:]])

    def translate_Squeeze(self, attributes, value, axes=None):
        return tf.reshape(channels_first(value), [value.shape[0], -1])

    def translate_Gemm(self, attributes, value, weights, bias=None):
        weights = weights.T if attributes.get("transB") else weights
        result = tf.matmul(value, weights * numpy.float32(attributes.get("alpha", 1)))
        return result if bias is None else tf.nn.bias_add(result, bias.reshape(-1) * numpy.float32(attributes.get("beta", 1)))

    def translate_MatMul(self, attributes, value, weights):
        return tf.matmul(value, weights)

    def translate_Identity(self, attributes, value):
        return value

    translate_Dropout = translate_Identity


def channels_first(value):
    # One pixel needs no reordering, and a transposition would cost an operator.
    if len(value.shape) != 4 or value.shape[1] == value.shape[2] == 1:
        return value
    return tf.transpose(value, [0, 3, 1, 2])


def arranged(value):
    """Constants as the values that they meet: channels last."""
    if isinstance(value, numpy.ndarray) and value.ndim in (3, 4):
        return numpy.moveaxis(value, -3, -1)
    return value


def same_or_valid(value, kernel, strides, dilations, attributes):
    """TensorFlow's word for the padding, or None where it has none."""
    if attributes.get("auto_pad") in (b"SAME_UPPER", b"VALID"):
        return attributes["auto_pad"].decode().split("_")[0]
    pads = attributes.get("pads", [0, 0, 0, 0])
    if not any(pads):
        return None if attributes.get("ceil_mode") and pooled(value, kernel, strides, pads, True) != pooled(
            value, kernel, strides, pads, False) else "VALID"
    for axis, (side, step, spread) in enumerate(zip(kernel, strides, dilations)):
        size, reach = value.shape[1 + axis], (side - 1) * spread + 1
        total = max((-(-size // step) - 1) * step + reach - size, 0)
        # What lies beyond the last window counts as little as what is not there.
        rest = (size + pads[axis] + pads[2 + axis] - reach) % step
        if pads[axis] != total // 2 or pads[2 + axis] - rest > total - total // 2 or pads[2 + axis] < total - total // 2:
            return None
    return "SAME"


def pooled(value, kernel, strides, pads, up):
    add = [step - 1 if up else 0 for step in strides]
    return [(value.shape[1 + axis] + pads[axis] + pads[2 + axis] - kernel[axis] + add[axis]) // strides[axis] for axis in (0, 1)]


def padded(value, kernel, strides, dilations, attributes):
    word = same_or_valid(value, kernel, strides, dilations, attributes)
    if word:
        return value, word
    pads = list(attributes.get("pads", [0, 0, 0, 0]))
    if attributes.get("ceil_mode"):
        for axis in (0, 1):
            rest = (value.shape[1 + axis] + pads[axis] + pads[2 + axis] - kernel[axis]) % strides[axis]
            pads[2 + axis] += (strides[axis] - rest) % strides[axis]
    return tf.pad(value, [(0, 0), (pads[0], pads[2]), (pads[1], pads[3]), (0, 0)]), "VALID"


def function(path):
    """A concrete function of one image."""
    translation = Translation(path)
    one = tf.function(translation, input_signature=[tf.TensorSpec(translation.shape(), tf.float32)], autograph=False)
    return one.get_concrete_function()
