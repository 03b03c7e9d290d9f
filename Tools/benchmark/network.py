"""What a network is, said once for every engine: layers over tensors of one image, with seeded random weights.

A tensor is a name and its shape (channels, height, width). Each carries an estimate of its mean square, from which the scale
of the next layer's weights and the statistics of its batch normalization follow: values stay near 1 as in a trained network,
without running anything."""

from dataclasses import dataclass, field

import numpy


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple  # channels, height, width
    square: float = 1.0  # expected mean square


@dataclass
class Layer:
    kind: str  # convolution, dense, maximum, average, add, multiply, concat, split, shuffle, activation, softmax
    inputs: list
    outputs: list
    activation: str = ""  # relu, relu6, hard_swish, hard_sigmoid
    kernel: tuple = (1, 1)
    stride: tuple = (1, 1)
    pads: tuple = (0, 0, 0, 0)  # top, left, bottom, right
    groups: int = 1
    weight: numpy.ndarray = None  # convolution: out, in / groups, height, width; dense: out, in
    bias: numpy.ndarray = None
    batch_norm: tuple = None  # scale, offset, mean, variance

    @property
    def output(self):
        return self.outputs[0]

    @property
    def multiply_accumulates(self):
        if self.weight is None:
            return 0
        _, height, width = self.output.shape
        return self.weight.size * (height * width if self.kind == "convolution" else 1)

    def folded(self):
        """Weight and bias with the batch normalization in them."""
        if self.batch_norm is None:
            return self.weight, self.bias
        scale, offset, mean, variance = self.batch_norm
        factor = scale / numpy.sqrt(variance + EPSILON)
        shape = (-1,) + (1,) * (self.weight.ndim - 1)
        return (self.weight * factor.reshape(shape)).astype(numpy.float32), (offset - mean * factor).astype(numpy.float32)


EPSILON = 1e-5
# What an activation leaves of the mean square of normally distributed values.
SQUARES = {"": 1.0, "relu": 0.5, "relu6": 0.5, "hard_swish": 0.35, "hard_sigmoid": 0.28}


@dataclass
class Network:
    """Layers in order; methods append one and return its output."""

    name: str
    channels: int
    height: int
    width: int
    seed: int = 1
    layers: list = field(default_factory=list)

    def __post_init__(self):
        self.random = numpy.random.default_rng(self.seed)
        self.input = Tensor("input", (self.channels, self.height, self.width))

    @property
    def output(self):
        return self.layers[-1].output

    @property
    def multiply_accumulates(self):
        return sum(layer.multiply_accumulates for layer in self.layers)

    @property
    def weight_count(self):
        return sum(layer.weight.size for layer in self.layers if layer.weight is not None)

    def _append(self, kind, inputs, shapes, square, **attributes):
        outputs = [Tensor(f"{kind}_{len(self.layers)}" + "ab"[k : k + 1] * (len(shapes) > 1), shape, square)
                   for k, shape in enumerate(shapes)]
        self.layers.append(Layer(kind, list(inputs), outputs, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def _normal(self, *shape, scale):
        return (self.random.standard_normal(shape) * scale).astype(numpy.float32)

    def conv(self, x, out, kernel, stride=1, pad=None, groups=1, act="relu", norm=True, same=False):
        """A convolution, its batch normalization (or its bias) and its activation. `pad` is half the kernel unless given;
        `same` pads as TensorFlow does, the odd column on the right."""
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        stride = (stride, stride) if isinstance(stride, int) else stride
        channels, height, width = x.shape
        if same:
            pads = same_pads((height, width), kernel, stride)
        else:
            half = (kernel[0] // 2, kernel[1] // 2) if pad is None else (pad, pad)
            pads = half + half
        size = tuple((side + pads[k] + pads[k + 2] - kernel[k]) // stride[k] + 1 for k, side in enumerate((height, width)))
        fan_in = channels // groups * kernel[0] * kernel[1]
        weight = self._normal(out, channels // groups, *kernel, scale=(1 / (fan_in * x.square)) ** 0.5)
        batch_norm = bias = None
        if norm:
            scale = self.random.uniform(0.8, 1.2, out).astype(numpy.float32)
            variance = self.random.uniform(0.8, 1.2, out).astype(numpy.float32)
            batch_norm = (scale, self._normal(out, scale=0.1), self._normal(out, scale=0.1), variance)
        else:
            bias = self._normal(out, scale=0.1)
        return self._append("convolution", [x], [(out, *size)], SQUARES[act], activation=act, kernel=kernel, stride=stride,
                            pads=pads, groups=groups, weight=weight, bias=bias, batch_norm=batch_norm)

    def depthwise(self, x, kernel, stride=1, act="relu", same=False):
        return self.conv(x, x.shape[0], kernel, stride, groups=x.shape[0], act=act, same=same)

    def dense(self, x, out, act=""):
        """A fully connected layer; x is one pixel."""
        weight = self._normal(out, x.shape[0], scale=(1 / (x.shape[0] * x.square)) ** 0.5)
        return self._append("dense", [x], [(out, 1, 1)], SQUARES[act], activation=act, weight=weight,
                            bias=self._normal(out, scale=0.1))

    def max_pool(self, x, kernel, stride, pad=0, ceil=False):
        channels, height, width = x.shape
        size, after = [], []
        for side in (height, width):
            count = side + 2 * pad - kernel
            outputs = -(-count // stride) + 1 if ceil else count // stride + 1
            # A window never begins in the padding behind the image.
            outputs -= ceil and (outputs - 1) * stride >= side + pad
            size.append(outputs)
            after.append(max(pad if not ceil else 0, (outputs - 1) * stride + kernel - side - pad))
        return self._append("maximum", [x], [(channels, *size)], max(1.0, x.square), kernel=(kernel, kernel),
                            stride=(stride, stride), pads=(pad, pad, *after))

    def global_average(self, x):
        return self._append("average", [x], [(x.shape[0], 1, 1)], 0.35 * x.square)

    def add(self, x, y, act=""):
        return self._append("add", [x, y], [x.shape], (x.square + y.square) * SQUARES[act], activation=act)

    def multiply(self, x, y):
        """y is a vector of a value per channel."""
        return self._append("multiply", [x, y], [x.shape], x.square * y.square)

    def concat(self, *inputs):
        channels = sum(x.shape[0] for x in inputs)
        square = sum(x.square * x.shape[0] for x in inputs) / channels
        return self._append("concat", inputs, [(channels, *inputs[0].shape[1:])], square)

    def halves(self, x):
        channels, height, width = x.shape
        return self._append("split", [x], [(channels // 2, height, width)] * 2, x.square)

    def shuffle(self, x):
        """Channels of two groups take turns."""
        return self._append("shuffle", [x], [x.shape], x.square, groups=2)

    def softmax(self, x):
        return self._append("softmax", [x], [x.shape], 1 / x.shape[0])


def same_pads(sides, kernel, stride):
    """Top, left, bottom, right as TensorFlow's SAME pads."""
    total = [max(0, ((side + s - 1) // s - 1) * s + k - side) for side, k, s in zip(sides, kernel, stride)]
    return (total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2)
