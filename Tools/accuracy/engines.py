"""The peers: each quantizes a float ONNX by its own static post-training quantization, and says which class it names first.

Whatever they make is run with the arithmetic that the file states, and not with vpmaddubsw, whose 16-bit sums saturate on x86
processors without VNNI: which processor the table is made on does not count."""

import importlib.metadata
import os
import pathlib

import numpy


def is_channels_first(shape):
    return len(shape) == 4 and shape[1] in (1, 3)


class Case:
    """A network and its images, as the command wrote them into a folder."""

    def __init__(self, folder, facts):
        self.folder = pathlib.Path(folder)
        self.model = str(self.folder / "float.onnx")
        self.mean, self.std = (numpy.array(facts[key], numpy.float32) for key in ("mean", "std"))
        arrays = numpy.load(self.folder / "images.npz")
        self.calibration, self.calibration_classes = arrays["calibration"], arrays["calibration_classes"]
        self.test, self.test_classes = arrays["test"], arrays["test_classes"]
        self.channels_first = True

    def inputs(self, pixels):
        """One image after the other as the network's input."""
        for one in pixels:
            value = (one[None].astype(numpy.float32) - self.mean) / self.std
            yield numpy.ascontiguousarray(value.transpose(0, 3, 1, 2)) if self.channels_first else value


def classes(case, pixels, run):
    return [int(numpy.argmax(run(value))) for value in case.inputs(pixels)]


# ONNX Runtime


def session(path, optimized):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    if not optimized:  # integers are then computed as their float values, exactly
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run_onnx(case, path, optimized):
    one = session(path, optimized)
    (given,) = [value for value in one.get_inputs()]
    case.channels_first = is_channels_first(given.shape)
    return classes(case, case.test, lambda value: one.run(None, {given.name: value})[0])


def measure_float(case):
    return run_onnx(case, case.model, True), "ONNX Runtime, fp32"


def measure_onnxruntime(case):
    import onnx
    import onnx.version_converter
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, path = str(case.folder / "prepared.onnx"), str(case.folder / "int8.onnx")
    network, source = onnx.load(case.model), case.model
    if next(one.version for one in network.opset_import if not one.domain) < 13:  # which has scales per channel
        source = str(case.folder / "opset13.onnx")
        onnx.save(onnx.version_converter.convert_version(network, 13), source)
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    (given,) = session(prepared, True).get_inputs()
    case.channels_first = is_channels_first(given.shape)

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.values = ({given.name: value} for value in case.inputs(case.calibration))

        def get_next(self):
            return next(self.values, None)

    quantize_static(prepared, path, Reader(), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QInt8,
                    weight_type=QuantType.QInt8)
    return run_onnx(case, path, False), "quantize_static, QDQ, S8S8, per channel, min-max"


# OpenVINO


def openvino_model(case):
    import openvino

    model = openvino.Core().read_model(case.model)
    shape = model.input(0).partial_shape
    case.channels_first = shape.rank.get_length() == 4 and shape[1].is_static and shape[1].get_length() in (1, 3)
    if shape.is_dynamic:
        model.reshape([1, *(size.get_length() for size in list(shape)[1:])])
    return model


def compiled(model):
    import openvino

    # Without the low-precision pass the quantized network is computed as its float values, exactly.
    config = {"INFERENCE_PRECISION_HINT": "f32", "LP_TRANSFORMS_MODE": "NO", "INFERENCE_NUM_THREADS": 1}
    return openvino.Core().compile_model(model, "CPU", config)


def run_openvino(case, model):
    network = compiled(model)
    return classes(case, case.test, lambda value: network(value)[0])


def nncf_settings():
    import nncf

    # What it holds back for processors that saturate is not needed here, and would cost it accuracy.
    return nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.DISABLE)


def measure_openvino(case):
    import nncf

    model = openvino_model(case)
    data = nncf.Dataset(list(case.inputs(case.calibration)))
    quantized = nncf.quantize(model, data, subset_size=len(case.calibration), fast_bias_correction=True,
                              advanced_parameters=nncf_settings())
    return run_openvino(case, quantized), "nncf.quantize, fast bias correction"


def measure_accuracy_control(case):
    import nncf

    if (case.calibration_classes < 0).any():
        raise ValueError("no classes, so no accuracy to control")
    model = openvino_model(case)
    items = list(zip(case.inputs(case.calibration), case.calibration_classes))

    def accuracy(network, values):
        right = [float(int(numpy.argmax(network(value)[0])) == actual) for value, actual in values]
        return sum(right) / len(right), right

    data = nncf.Dataset(items, lambda item: item[0])
    validation = nncf.Dataset(items)
    quantized = nncf.quantize_with_accuracy_control(
        model, data, validation, accuracy, max_drop=0.01, subset_size=len(items), fast_bias_correction=True,
        advanced_quantization_parameters=nncf_settings())
    return run_openvino(case, quantized), "nncf.quantize_with_accuracy_control, max_drop 0.01 on the calibration images"


# LiteRT


def measure_litert(case):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import onnxruntime
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter
    from onnx_to_tensorflow import function

    # Constants computed and batch normalizations in their convolutions, as an exporter leaves them.
    folded = str(case.folder / "folded.onnx")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = folded
    onnxruntime.InferenceSession(case.model, options, providers=["CPUExecutionProvider"])

    case.channels_first = False
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function(folded)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.representative_dataset = lambda: ([value] for value in case.inputs(case.calibration))
    path = case.folder / "int8.tflite"
    path.write_bytes(converter.convert())
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    given, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(value):
        interpreter.set_tensor(given, value)
        interpreter.invoke()
        return interpreter.get_tensor(result)

    return classes(case, case.test, run), "TFLiteConverter, full int8, per channel"


def version(*packages):
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)


# word: (name in the table, packages, how)
ENGINES = {
    "float": ("float", ("onnxruntime",), measure_float),
    "onnxruntime": ("ONNX Runtime", ("onnxruntime",), measure_onnxruntime),
    "openvino": ("OpenVINO", ("openvino", "nncf"), measure_openvino),
    "accuracycontrol": ("OpenVINO a.c.", ("openvino", "nncf"), measure_accuracy_control),
    "litert": ("LiteRT", ("tensorflow-cpu", "ai-edge-litert"), measure_litert),
}
