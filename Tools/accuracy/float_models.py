"""Writes networks that stand beside a checkout in other formats as float ONNX, which every peer reads.

The readers know what these files hold and no more; the accuracy that the table gives for float shows whether they read it right."""

import json
import pickle
import zipfile

import numpy
from onnx_graph import Graph


def lenet(path, names, size=(3, 32, 32)):
    """Two convolutions with maximum pools and three dense layers, from a TensorFlow 1 checkpoint."""
    layers = checkpoint(path, names)
    graph = Graph(*size)
    for weights, bias in layers[:2]:
        graph.convolution(weights.transpose(3, 2, 0, 1), bias)
        graph.relu()
        graph.pool("MaxPool", (2, 2), (2, 2))
    order = graph.shape
    for index, (weights, bias) in enumerate(layers[2:]):
        if index:
            graph.relu()
        graph.dense(weights, bias, order if index == 0 else None)
    return graph


def multiscale_lenet(path):
    """LeNet whose classifier sees both the last and the last but one convolution; P. Sermanet and Y. LeCun, 2011."""
    *convolutions, (weights, bias) = checkpoint(path, [(f"W{index}", f"b{index}") for index in range(1, 5)])
    graph = Graph(1, 32, 32)
    early = None
    for index, (kernel, constant) in enumerate(convolutions):
        graph.convolution(kernel.transpose(3, 2, 0, 1), constant)
        graph.relu()
        if index < 2:
            graph.pool("MaxPool", (2, 2), (2, 2))
            early = (graph.value, graph.shape)
    value, shape = early
    late = graph.value
    graph.add("Flatten", [late], [400], axis=1)
    first = graph.value
    graph.add("Flatten", [value], [400], axis=1)
    graph.add("Concat", [first, graph.value], [800], axis=1)
    channels, height, width = shape
    rows = weights[400:].reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(400, -1)
    graph.dense(numpy.concatenate([weights[:400], rows]), bias)
    return graph


def checkpoint(path, names):
    import tensorflow

    reader = tensorflow.train.load_checkpoint(str(path))
    return [(reader.get_tensor(weights), reader.get_tensor(bias)) for weights, bias in names]


def unnamed(count):
    """TensorFlow's names of variables that nobody named: weights and bias in turns."""
    names = ["Variable", *(f"Variable_{index}" for index in range(1, 2 * count))]
    return list(zip(names[::2], names[1::2]))


def three_convolutions(path):
    """A PyTorch state dictionary of three convolutions with pools and three dense layers."""
    tensors = list(state_dictionary(path).values())
    layers = list(zip(tensors[::2], tensors[1::2]))
    graph = Graph(3, 32, 32)
    for weights, bias in layers[:3]:
        graph.convolution(weights, bias, padding=1)
        graph.relu()
        graph.pool("MaxPool", (2, 2), (2, 2))
    for index, (weights, bias) in enumerate(layers[3:]):
        if index:
            graph.relu()
        graph.dense(weights.T, bias)
    return graph


class Tensors(pickle.Unpickler):
    """Reads tensors, and refuses every name that is not needed for them."""

    def __init__(self, archive, root):
        super().__init__(archive.open(root + "data.pkl"))
        self.archive, self.root = archive, root

    def persistent_load(self, words):
        return numpy.frombuffer(self.archive.read(f"{self.root}data/{words[2]}"), "<f4")

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, stride, *_: numpy.lib.stride_tricks.as_strided(
                storage[offset:], shape, [4 * step for step in stride]).copy()
        if name == "FloatStorage":
            return name
        if name == "OrderedDict":
            return Dictionary
        raise pickle.UnpicklingError(f"{module}.{name} is not part of float tensors")


class Dictionary(dict):
    """Takes the attributes that PyTorch sets on its dictionaries."""


def state_dictionary(path):
    with zipfile.ZipFile(path) as archive:
        root = next(name for name in archive.namelist() if name.endswith("data.pkl"))[:-len("data.pkl")]
        return Tensors(archive, root).load()


def keras(path, weights_path=None):
    """A Keras 2 model: its description in the same HDF5 file or in a JSON file with the weights beside it."""
    import h5py

    with h5py.File(weights_path or path) as file:
        description = json.loads(open(path).read() if weights_path else file.attrs["model_config"])
        return KerasReader(file if weights_path else file["model_weights"], description["config"]).graph


class KerasReader:
    def __init__(self, weights, config):
        self.weights, self.values, self.graph, self.flattened = weights, {}, None, None
        for layer in config["layers"]:
            self.read(layer["class_name"], layer["config"], layer.get("inbound_nodes"))

    def tensors(self, name):
        group = self.weights[name]
        return [group[key][()] for key in group.attrs["weight_names"]]

    def read(self, kind, config, inbound):
        shape = config.get("batch_input_shape")
        if shape:
            self.graph = Graph(shape[3], shape[1], shape[2])
        graph = self.graph
        if inbound:
            sources = [self.values[source[0]] for source in inbound[0]]
            graph.value, graph.shape = sources[0]
        if kind in ("Conv2D", "DepthwiseConv2D"):
            weights, bias = [*self.tensors(config["name"]), None][:2]
            is_depthwise = kind == "DepthwiseConv2D"
            kernel = weights.transpose(2, 3, 0, 1) if is_depthwise else weights.transpose(3, 2, 0, 1)
            graph.convolution(kernel, bias, config["strides"], padding(config), kernel.shape[0] if is_depthwise else 1)
        elif kind == "BatchNormalization":
            graph.normalization(*self.tensors(config["name"]), config["epsilon"])
        elif kind in ("AveragePooling2D", "MaxPooling2D"):
            graph.pool({"A": "AveragePool", "M": "MaxPool"}[kind[0]], config["pool_size"], config["strides"], padding(config))
        elif kind == "Add":
            graph.add("Add", [value for value, _ in sources], graph.shape)
        elif kind == "Flatten":
            self.flattened = graph.shape
        elif kind == "Dense":
            graph.dense(*self.tensors(config["name"]), self.flattened)
            self.flattened = None
        elif kind not in ("InputLayer", "Activation", "Dropout"):
            raise ValueError(f"{config['name']}: layer {kind} is not known here")
        # A softmax at the end changes neither the order of the classes nor what a quantizer may do.
        if config.get("activation") == "relu":
            graph.relu()
        elif config.get("activation") not in (None, "linear", "softmax"):
            raise ValueError(f"{config['name']}: activation {config['activation']} is not known here")
        self.values[config["name"]] = (graph.value, graph.shape)


def padding(config):
    return "same" if config["padding"] == "same" else 0
