"""Extracts VGG16 features of a folder of pictures with OpenVINO, as a user would.

Threads decode ahead with PIL while the network runs in f32 (`--bf16`: in bfloat16).

    python3 Benchmarks/peers/extract_openvino.py FOLDER --weights WEIGHTS.h5 [--bf16]
"""

import sys

from extract_common import Stopwatch, arguments, load, pictures, torch_model

watch = Stopwatch()
bf16 = "--bf16" in sys.argv
if bf16:
    sys.argv.remove("--bf16")
options = arguments("OpenVINO")
import concurrent.futures

import numpy as np
import openvino
import torch

paths = pictures(options)
shape = (3, options.size, options.size)
model = openvino.convert_model(
    torch_model(options.weights), example_input=torch.zeros(1, *shape), input=[(-1, *shape)])
# Pictures come as NHWC and features leave as NHWC; OpenVINO folds the reordering in.
layout = openvino.preprocess.PrePostProcessor(model)
layout.input().tensor().set_layout(openvino.Layout("NHWC"))
layout.input().model().set_layout(openvino.Layout("NCHW"))
layout.output().model().set_layout(openvino.Layout("NCHW"))
layout.output().tensor().set_layout(openvino.Layout("NHWC"))
compiled = openvino.Core().compile_model(layout.build(), "CPU", {
    "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
    "INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "THROUGHPUT",
    "NUM_STREAMS": 1})
output = np.empty((len(paths), *(d.get_length() for d in compiled.output(0).partial_shape[1:])),
                  np.float32)


def read(start):
    return np.stack([load(path, options.size) for path in paths[start : start + options.batch]])


watch.is_ready()
starts = range(0, len(paths), options.batch)
with concurrent.futures.ThreadPoolExecutor(options.threads) as decoders:
    ahead, depth = {}, options.threads + 1
    for index, start in enumerate(starts):
        for later in starts[index : index + depth]:
            if later not in ahead:
                ahead[later] = decoders.submit(read, later)
        output[start : start + options.batch] = compiled(ahead.pop(start).result())[0]
np.save(options.output, output)
watch.report(f"OpenVINO {openvino.__version__.split('-')[0]} {'bf16' if bf16 else 'f32'}",
             len(paths))
