"""The networks that are measured: torchvision's definitions, and those of MLPerf Tiny."""

from network import Network


def divisible(value):
    """To a multiple of 8, never 10 % below."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


def mobilenet_v2(size=224, width=1.0, depth=1.0):
    """`depth` scales how often each block is repeated."""
    net = Network("mobilenet_v2", 3, size, size)
    x = net.conv(net.input, divisible(32 * width), 3, 2, act="relu6")
    blocks = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, channels, repeats, first_stride in blocks:
        for index in range(max(1, round(repeats * depth))):
            stride = first_stride if index == 0 else 1
            y = x
            if expansion != 1:
                y = net.conv(y, x.shape[0] * expansion, 1, act="relu6")
            y = net.conv(net.depthwise(y, 3, stride, act="relu6"), divisible(channels * width), 1, act="")
            x = net.add(x, y) if stride == 1 and x.shape == y.shape else y
    x = net.conv(x, divisible(1280 * max(1.0, width)), 1, act="relu6")
    net.dense(net.global_average(x), 1000)
    return net


def mobilenet_v3_small(size=224):
    net = Network("mobilenet_v3_small", 3, size, size)
    x = net.conv(net.input, 16, 3, 2, act="hard_swish")
    blocks = [
        (3, 16, 16, True, "relu", 2), (3, 72, 24, False, "relu", 2), (3, 88, 24, False, "relu", 1),
        (5, 96, 40, True, "hard_swish", 2), (5, 240, 40, True, "hard_swish", 1), (5, 240, 40, True, "hard_swish", 1),
        (5, 120, 48, True, "hard_swish", 1), (5, 144, 48, True, "hard_swish", 1), (5, 288, 96, True, "hard_swish", 2),
        (5, 576, 96, True, "hard_swish", 1), (5, 576, 96, True, "hard_swish", 1),
    ]
    for kernel, expanded, channels, excites, act, stride in blocks:
        y = x if expanded == x.shape[0] else net.conv(x, expanded, 1, act=act)
        y = net.depthwise(y, kernel, stride, act=act)
        if excites:
            z = net.conv(net.global_average(y), divisible(expanded // 4), 1, norm=False)
            y = net.multiply(y, net.conv(z, expanded, 1, act="hard_sigmoid", norm=False))
        y = net.conv(y, channels, 1, act="")
        x = net.add(x, y) if stride == 1 and x.shape == y.shape else y
    x = net.global_average(net.conv(x, 576, 1, act="hard_swish"))
    net.dense(net.dense(x, 1024, act="hard_swish"), 1000)
    return net


def shufflenet_v2(size=224):
    net = Network("shufflenet_v2", 3, size, size)
    x = net.max_pool(net.conv(net.input, 24, 3, 2), 3, 2, pad=1)
    for channels, repeats in [(116, 4), (232, 8), (464, 4)]:
        half = channels // 2
        for index in range(repeats):
            if index == 0:
                y = net.conv(net.depthwise(x, 3, 2, act=""), half, 1)
                z = net.depthwise(net.conv(x, half, 1), 3, 2, act="")
            else:
                y, z = net.halves(x)
                z = net.depthwise(net.conv(z, half, 1), 3, act="")
            x = net.shuffle(net.concat(y, net.conv(z, half, 1)))
    net.dense(net.global_average(net.conv(x, 1024, 1)), 1000)
    return net


def squeezenet1_1(size=224):
    net = Network("squeezenet1_1", 3, size, size)

    def fire(x, squeeze, expand):
        x = net.conv(x, squeeze, 1, norm=False)
        return net.concat(net.conv(x, expand, 1, norm=False), net.conv(x, expand, 3, norm=False))

    x = net.max_pool(net.conv(net.input, 64, 3, 2, pad=0, norm=False), 3, 2, ceil=True)
    x = net.max_pool(fire(fire(x, 16, 64), 16, 64), 3, 2, ceil=True)
    x = net.max_pool(fire(fire(x, 32, 128), 32, 128), 3, 2, ceil=True)
    x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
    net.global_average(net.conv(x, 1000, 1, norm=False))
    return net


def googlenet(size=224):
    net = Network("googlenet", 3, size, size)

    def inception(x, one, reduce3, three, reduce5, five, pool):
        return net.concat(
            net.conv(x, one, 1),
            net.conv(net.conv(x, reduce3, 1), three, 3),
            net.conv(net.conv(x, reduce5, 1), five, 3),  # torchvision's is 3 x 3 too
            net.conv(net.max_pool(x, 3, 1, pad=1, ceil=True), pool, 1),
        )

    x = net.max_pool(net.conv(net.input, 64, 7, 2), 3, 2, ceil=True)
    x = net.max_pool(net.conv(net.conv(x, 64, 1), 192, 3), 3, 2, ceil=True)
    x = inception(inception(x, 64, 96, 128, 16, 32, 32), 128, 128, 192, 32, 96, 64)
    x = inception(net.max_pool(x, 3, 2, ceil=True), 192, 96, 208, 16, 48, 64)
    x = inception(inception(x, 160, 112, 224, 24, 64, 64), 128, 128, 256, 24, 64, 64)
    x = inception(inception(x, 112, 144, 288, 32, 64, 64), 256, 160, 320, 32, 128, 128)
    x = inception(net.max_pool(x, 2, 2, ceil=True), 256, 160, 320, 32, 128, 128)
    net.dense(net.global_average(inception(x, 384, 192, 384, 48, 128, 128)), 1000)
    return net


def resnet18(size=224, width=1.0, depth=1.0):
    net = Network("resnet18", 3, size, size)
    x = net.max_pool(net.conv(net.input, divisible(64 * width), 7, 2), 3, 2, pad=1)
    for stage, channels in enumerate([64, 128, 256, 512]):
        channels = divisible(channels * width)
        for index in range(max(1, round(2 * depth))):
            stride = 2 if stage > 0 and index == 0 else 1
            y = net.conv(net.conv(x, channels, 3, stride), channels, 3, act="")
            if x.shape != y.shape:
                x = net.conv(x, channels, 1, stride, act="")
            x = net.add(y, x, act="relu")
    net.dense(net.global_average(x), 1000)
    return net


def resnet50(size=224):
    net = Network("resnet50", 3, size, size)
    x = net.max_pool(net.conv(net.input, 64, 7, 2), 3, 2, pad=1)
    for stage, (channels, repeats) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for index in range(repeats):
            stride = 2 if stage > 0 and index == 0 else 1
            y = net.conv(net.conv(net.conv(x, channels, 1), channels, 3, stride), 4 * channels, 1, act="")
            if x.shape != y.shape:
                x = net.conv(x, 4 * channels, 1, stride, act="")
            x = net.add(y, x, act="relu")
    net.dense(net.global_average(x), 1000)
    return net


def vww():
    """Visual wake words: MobileNetV1 0.25/96 with two classes."""
    net = Network("vww", 3, 96, 96)
    x = net.conv(net.input, 8, 3, 2, same=True)
    for channels, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (128, 1), (128, 1),
                             (128, 1), (256, 2), (256, 1)]:
        x = net.conv(net.depthwise(x, 3, stride, same=True), channels, 1)
    net.softmax(net.dense(net.global_average(x), 2))
    return net


def resnet8():
    """Image classification: ResNet-8 for CIFAR-10."""
    net = Network("resnet8", 3, 32, 32)
    x = net.conv(net.input, 16, 3)
    for channels, stride in [(16, 1), (32, 2), (64, 2)]:
        y = net.conv(net.conv(x, channels, 3, stride, same=True), channels, 3, act="")
        if x.shape != y.shape:
            x = net.conv(x, channels, 1, stride, act="", norm=False)
        x = net.add(y, x, act="relu")
    net.softmax(net.dense(net.global_average(x), 10))
    return net


def dscnn():
    """Keyword spotting: DS-CNN over 49 frames of 10 coefficients."""
    net = Network("dscnn", 1, 49, 10)
    x = net.conv(net.input, 64, (10, 4), 2, same=True)
    for _ in range(4):
        x = net.conv(net.depthwise(x, 3), 64, 1)
    net.softmax(net.dense(net.global_average(x), 12))
    return net


# In the order of the table.
NETWORKS = {make.__name__: make for make in (
    mobilenet_v2, mobilenet_v3_small, shufflenet_v2, squeezenet1_1, googlenet, resnet18, resnet50, vww, resnet8, dscnn)}
