"""Writes the networks as each engine wants them, quantized with the engines' own tools.

usage: models.py FOLDER PEERS NETWORK...; runs in the virtual environment. PEERS is 0 for the float ONNX file alone.

A network's name may carry a variant: mobilenet_v2@size=160,width=0.5,depth=2. Files that are there stay. A file that cannot
be made leaves NAME.SUFFIX.failed with the reason."""

import contextlib
import importlib.util
import io
import logging
import os
import pathlib
import subprocess
import sys
import warnings

import networks
import onnx_writer
import pictures


def make(name):
    """The network of a name with a variant."""
    base, _, variant = name.partition("@")
    settings = {}
    for pair in filter(None, variant.split(",")):
        key, _, value = pair.partition("=")
        settings[key] = int(value) if key == "size" else float(value)
    return networks.NETWORKS[base](**settings)


def write_float_tflite(net, stem, path):
    import tflite_writer

    tflite_writer.write(net, path)


def write_int8_tflite(net, stem, path):
    from ai_edge_quantizer import quantizer, recipe

    tool = quantizer.Quantizer(f"{stem}.tflite", recipe.static_wi8_ai8())
    data = [{"input": values.transpose(0, 2, 3, 1)} for values in pictures.inputs(net)]
    result = tool.quantize(tool.calibrate({"serving_default": data}))
    pathlib.Path(path).write_bytes(result.quantized_model)


def write_int8_onnx(net, stem, path):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.values = ({"input": values} for values in pictures.inputs(net))

        def get_next(self):
            return next(self.values, None)

    prepared = f"{stem}.prepared.onnx"
    quant_pre_process(f"{stem}.onnx", prepared, skip_symbolic_shape=True)
    quantize_static(prepared, path, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    os.remove(prepared)


def write_ncnn(net, stem, path):
    # The package holds the program; to import it would ask for torch.
    package = importlib.util.find_spec("pnnx")
    if package is None:
        raise RuntimeError("no pnnx, ncnn's converter, for this machine")
    command = pathlib.Path(package.origin).parent / "pnnx"
    made = {key: f"{stem}.{key}" for key in ("pnnxparam", "pnnxbin", "pnnxpy", "pnnxonnx", "ncnnpy")}
    words = [f"{key}={value}" for key, value in made.items()]
    result = subprocess.run([command, f"{stem}.onnx", *words, f"ncnnparam={path}", f"ncnnbin={stem}.ncnn.bin", "fp16=0"],
                            capture_output=True, text=True)
    for leftover in (*made.values(), f"{stem}.pnnxsim.onnx"):
        pathlib.Path(leftover).unlink(missing_ok=True)
    if result.returncode or not pathlib.Path(path).exists():
        raise RuntimeError("pnnx: " + (result.stderr or result.stdout).strip().splitlines()[-1])


# In this order: quantizers read what was written before.
FORMATS = [(".tflite", write_float_tflite), (".int8.tflite", write_int8_tflite), (".int8.onnx", write_int8_onnx),
           (".ncnn.param", write_ncnn)]


def main(folder, with_peers, names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "pictures").exists():
        pictures.write_folder(folder / "pictures")
    for name in names:
        net, stem = make(name), folder / name
        if not (folder / f"{name}.onnx").exists():
            onnx_writer.write(net, f"{stem}.onnx")
        for suffix, write in FORMATS if with_peers else []:
            path, failed = f"{stem}{suffix}", pathlib.Path(f"{stem}{suffix}.failed")
            failed.unlink(missing_ok=True)
            if pathlib.Path(path).exists():
                continue
            print(f"bench: writing {pathlib.Path(path).name}", file=sys.stderr, flush=True)
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    write(net, stem, path)
            except Exception as error:  # a peer's tool may fail in any way; its words go into the table
                failed.write_text(" ".join(f"{type(error).__name__}: {error}".split())[:300])
        (folder / f"{name}.shape").write_text(" ".join(map(str, net.input.shape)) + "\n")
        (folder / f"{name}.macs").write_text(f"{net.multiply_accumulates}\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    main(sys.argv[1], sys.argv[2] == "1", sys.argv[3:])
