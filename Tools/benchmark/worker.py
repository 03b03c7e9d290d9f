"""One peer with one network, in a process of its own, behind the protocol of ours.c.

usage: worker.py ENGINE MODEL THREADS [HOLD SET]; a line with a number of runs in, a line with the nanoseconds of each out.
HOLD is the library of hold.c, which holds the peer to the instructions of a kernel set."""

import ctypes
import json
import sys
import time

if len(sys.argv) == 6:  # before any library that asks the processor what it has
    HELD = ctypes.CDLL(sys.argv[4]).hold(sys.argv[5].encode())

import numpy


def onnx_runtime(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    source, result = session.get_inputs()[0], session.get_outputs()[0]
    # Both must outlive the binding, which only knows their addresses.
    values = onnxruntime.OrtValue.ortvalue_from_numpy(pixels(source.shape))
    output = onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros(result.shape, numpy.float32))
    binding.bind_ortvalue_input(source.name, values)
    binding.bind_ortvalue_output(result.name, output)

    def run(kept=(values, output)):
        session.run_with_iobinding(binding)

    return onnxruntime.__version__, run


def open_vino(model, threads):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(pixels(list(compiled.inputs[0].shape))))
    # Without the dictionary of results that infer makes.
    def run():
        request.start_async()
        request.wait()

    infer = request.infer
    run(), infer()
    quicker = infer if best_of(infer) < best_of(run) else run
    return openvino.__version__.split("-")[0], quicker


def lite_rt(model, threads):
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=model, num_threads=threads)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    values = pixels(source["shape"])
    if source["dtype"] == numpy.int8:
        values = numpy.clip(values * 60, -128, 127).astype(numpy.int8)
    interpreter.set_tensor(source["index"], values)
    return version("ai-edge-litert"), interpreter.invoke


def ncnn(model, threads):
    from importlib.metadata import version

    import ncnn as library

    net = library.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    if net.load_param(model) or net.load_model(model.replace(".param", ".bin")):
        raise RuntimeError("ncnn does not load the network")
    with open(model.replace(".ncnn.param", ".shape")) as file:
        image = library.Mat(pixels(file.read().split()))
    source, result = net.input_names()[0], net.output_names()[0]

    def run():
        extractor = net.create_extractor()
        extractor.input(source, image)
        status, _ = extractor.extract(result)
        if status:
            raise RuntimeError(f"ncnn: status {status}")

    return version("ncnn"), run


def best_of(run):
    times = []
    for _ in range(10):
        start = time.perf_counter_ns()
        run()
        times.append(time.perf_counter_ns() - start)
    return min(times)


def pixels(shape):
    return numpy.random.default_rng(1).standard_normal([int(side) for side in shape]).astype(numpy.float32)


ENGINES = {"onnxruntime": onnx_runtime, "openvino": open_vino, "litert": lite_rt, "ncnn": ncnn}


def main(engine, model, threads):
    try:
        if len(sys.argv) == 6 and HELD:
            raise RuntimeError(f"cannot be held to {sys.argv[5]} on this processor")
        version, run = ENGINES[engine](model, int(threads))
        run()
    except Exception as error:  # any failure of a peer is a hole in the table, with its words
        print(json.dumps({"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}), flush=True)
        return 1
    print(json.dumps({"engine": engine, "version": version}), flush=True)
    clock = time.perf_counter_ns
    for line in sys.stdin:
        times = [0] * int(line)
        for index in range(len(times)):
            start = clock()
            run()
            times[index] = clock() - start
        print(json.dumps(times), flush=True)
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (4, 6) or sys.argv[1] not in ENGINES:
        sys.exit("worker: expected ENGINE MODEL THREADS [HOLD SET], ENGINE one of " + ", ".join(ENGINES))
    sys.exit(main(*sys.argv[1:4]))
