"""Builds a float ONNX layer by layer, NCHW, and keeps the shape."""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """`value` is the name of the last layer's output, `shape` its C × H × W or its length."""

    def __init__(self, channels, height, width):
        self.nodes, self.constants, self.count = [], [], 0
        self.value, self.shape = "input", (channels, height, width)
        self.input = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, channels, height, width])

    def add(self, kind, values, shape, constants=(), **attributes):
        self.count += 1
        names = list(values)
        for index, array in enumerate(constants):
            names.append(f"{kind.lower()}_{self.count}_{index}")
            self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(array), names[-1]))
        self.value, self.shape = f"{kind.lower()}_{self.count}", tuple(shape)
        self.nodes.append(helper.make_node(kind, names, [self.value], name=self.value, **attributes))

    def window(self, kernel, stride, padding):
        """Sizes of the output and the pads (top, left, bottom, right); `padding`: same, as TensorFlow means it, or a number."""
        pads, sizes = [], []
        for size, side, step in zip(self.shape[1:], kernel, stride):
            if padding == "same":
                total = max((-(-size // step) - 1) * step + side - size, 0)
                pads.append((total // 2, total - total // 2))
            else:
                pads.append((padding, padding))
            sizes.append((size + sum(pads[-1]) - side) // step + 1)
        return sizes, [pads[0][0], pads[1][0], pads[0][1], pads[1][1]]

    def convolution(self, weights, bias, stride=(1, 1), padding=0, groups=1):
        """Weights as O × I × H × W."""
        kernel = weights.shape[2:]
        sizes, pads = self.window(kernel, stride, padding)
        constants = [weights] if bias is None else [weights, bias]
        self.add("Conv", [self.value], (weights.shape[0], *sizes), constants, kernel_shape=list(kernel), strides=list(stride),
                 pads=pads, group=groups)

    def pool(self, kind, kernel, stride, padding=0):
        sizes, pads = self.window(kernel, stride, padding)
        self.add(kind, [self.value], (self.shape[0], *sizes), kernel_shape=list(kernel), strides=list(stride), pads=pads)

    def relu(self):
        self.add("Relu", [self.value], self.shape)

    def normalization(self, scale, bias, mean, variance, epsilon):
        self.add("BatchNormalization", [self.value], self.shape, [scale, bias, mean, variance], epsilon=epsilon)

    def dense(self, weights, bias, order=None):
        """Weights as I × O. `order`: the C × H × W that was flattened as H × W × C for these weights."""
        if order:
            channels, height, width = order
            rows = weights.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
            weights = rows.reshape(weights.shape)
        if len(self.shape) == 3:
            self.add("Flatten", [self.value], [int(numpy.prod(self.shape))], axis=1)
        self.add("Gemm", [self.value], [weights.shape[1]], [weights, bias])

    def write(self, path):
        output = helper.make_tensor_value_info(self.value, TensorProto.FLOAT, [1, *self.shape])
        graph = helper.make_graph(self.nodes, "network", [self.input], [output], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
