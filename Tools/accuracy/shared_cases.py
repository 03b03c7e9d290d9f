"""The trained networks and labelled images of a folder like ../shared/models, as cases; what is not there is said."""

import pathlib
from dataclasses import dataclass
from typing import Callable

import float_models
import numpy
import pixels
from pixels import Fit, Images

CIFAR_MEAN = [125.3, 122.95, 113.87]
TORCHVISION = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
SIMPLE, SLIM = 0.3, 0.5  # points below float that are allowed: ResNet and LeNet types; MobileNet types


@dataclass(frozen=True)
class Case:
    name: str
    files: str  # relative to the models' folder
    images: Callable  # models' folder → (calibration, test)
    mean: list
    std: list
    allowed: float
    network: Callable = None  # path → Graph, where the file is no ONNX
    original: str = None  # file with the same weights that ours converts: it still has its batch normalizations
    note: str = ""
    first_output: int = 0  # output of class 0


def objects(models):
    folder = models / "images/cifar10"
    return pixels.cifar(folder / "calib_train_1500.bin").first(500), pixels.cifar(folder / "test_open_2000.bin")


def digits(name, calibration="calib-train", test="t10k-open"):
    def read(models):
        folder = models / "images" / name
        parts = [pixels.digits(folder / f"{part}-images-idx3-ubyte.gz", folder / f"{part}-labels-idx1-ubyte.gz")
                 for part in (calibration, test)]
        return parts[0].first(500), parts[1].first(2000)
    return read


def colored(read):
    def repeat(models):
        return tuple(Images(numpy.repeat(part.pixels, 3, axis=3), part.classes) for part in read(models))
    return repeat


def signs(models):
    folder = models / "images/gtsrb"
    parts = [pixels.digits(folder / f"{part}-32x32-rgb-idx4-ubyte.gz", folder / f"{part}-labels-idx1-ubyte.gz")
             for part in ("calib-train", "test-open")]
    return parts[0].first(500), parts[1]


def gray_signs(models):
    """(R + G + B) ÷ 3, which is not luma."""
    return tuple(Images((part.pixels.sum(axis=3, dtype=int) // 3).astype(numpy.uint8)[..., None], part.classes)
                 for part in signs(models))


def photos(size, crop, has_classes=True):
    def read(models):
        images = pixels.photos(models / "images/imagenet/labels.tsv", Fit(size, size, 3, crop))
        if not has_classes:
            images.classes[:] = pixels.NO_CLASS
        return images.every(5)
    return read


CASES = [
    Case("MobileNetV2 1.0/224", "derived/mobilenet_v2_1.0_224_float/model.onnx", photos(224, 0.875), [128], [128], SLIM,
         first_output=1),
    Case("MobileNetV1 0.25/128", "derived/mobilenet_v1_0.25_128_float/model.onnx", photos(128, 0.875), [128], [128], SLIM,
         first_output=1),
    Case("VWW MobileNetV1 0.25/96", "keras/mlperf-vww96/vww_96.h5", photos(96, 0.875, has_classes=False), [0], [255], SLIM,
         float_models.keras, note="photos without classes: agreement alone"),
    Case("ResNet-20 CIFAR-10", "derived/resnet20-cifar10-reserialised/resnet20_cifar10.onnx", objects, *TORCHVISION, SIMPLE,
         original="pytorch/cifar-resnet20/resnet20-12fca82f.th"),
    Case("ResNet-8 CIFAR-10", "keras/mlperf-resnet8-cifar10/pretrainedResnet.h5", objects, [0], [1], SIMPLE, float_models.keras),
    Case("3 convolutions CIFAR-10", "pytorch/cifar-net-3conv/cifar_net.pth", objects, [127.5], [127.5], SIMPLE,
         float_models.three_convolutions),
    Case("LeNet CIFAR-10", "tensorflow/cifar10-dlnd/image_classification", objects, [0], [255], SIMPLE,
         lambda path: float_models.lenet(path, float_models.unnamed(5))),
    Case("LeNet GTSRB", "tensorflow/gtsrb-lenet-v1/lenet", signs, [0], [1], SIMPLE,
         lambda path: float_models.lenet(path, float_models.unnamed(5))),
    Case("multiscale LeNet GTSRB", "tensorflow/gtsrb-lenet-multiscale/lenet", gray_signs, [128], [128], SIMPLE,
         float_models.multiscale_lenet),
    Case("LeNet MNIST", "onnx/mnist-chainer/mnist.onnx", colored(digits("mnist")), [0], [255], SIMPLE),
    Case("2 convolutions MNIST", "keras/mnist-json-h5/mnist_cnn.json", digits("mnist"), [0], [255], SIMPLE,
         lambda path: float_models.keras(path, pathlib.Path(path).with_name("mnist_cnn_weights.h5"))),
]
# Networks of other tasks, which no image of the folder can tell anything about.
SKIPPED = {
    "detectors and regressors": "what they find is no class: rfb-320, gender-age, dncnn, bumper-detector",
    "networks of sounds": "their inputs are tensors, not images: keyword spotting, anomaly detection",
}
