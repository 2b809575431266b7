"""Times VGG16's convolutional base alone: headstart beside its peers, in one run.

    python3 Benchmarks/peers/network.py --weights WEIGHTS.h5 --pictures FOLDER \
        [--headstart .build/release/headstart] [--peers openvino,torch,onnxruntime,keras] [--json]

The peers get the same pictures and weights, each in a process of its own; headstart makes its own
of the same size, because its time does not depend on them. All take turns, `--rounds` times, and
the best run of each counts. Ratios are to the fastest peer of the same precision.

Needs numpy, pillow, h5py, torch, openvino, onnxruntime with onnx, keras with tensorflow; a peer
that is not installed is left out by --peers.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

CASES = "150:16,224:8,150:1,224:1"
PEERS = {"openvino": ["f32", "bf16"], "torch": ["f32", "bf16"], "onnxruntime": ["f32"],
         "keras": ["f32"]}
OURS = [("f32", None), ("f32-fast", None), ("bf16", None), ("f32", "avx2")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", required=True, help="VGG16 without top, Keras HDF5")
    parser.add_argument("--pictures", type=pathlib.Path, required=True, help="folder of photos")
    parser.add_argument("--headstart", default=".build/release/headstart")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--cases", default=CASES, metavar="SIZE:BATCH,…")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each round of each peer")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def batch_of_pictures(options, size, batch):
    import numpy as np
    from extract_common import SUFFIXES, load

    paths = sorted(p for p in options.pictures.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise SystemExit(f"no pictures in {options.pictures}")
    step = max(1, len(paths) // batch)
    return np.stack([load(paths[i * step % len(paths)], size) for i in range(batch)])


def make_openvino(options, precision, images):
    import openvino
    import torch
    from extract_common import torch_model

    nchw = images.transpose(0, 3, 1, 2).copy()
    model = openvino.convert_model(
        torch_model(options.weights), example_input=torch.from_numpy(nchw), input=[nchw.shape])
    request = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": options.threads,
        "PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
    return lambda: request.infer({0: nchw}, share_inputs=True)


def make_torch(options, precision, images):
    import torch
    from extract_common import torch_model

    torch.set_num_threads(options.threads)
    kind = torch.float32 if precision == "f32" else torch.bfloat16
    model = torch_model(options.weights).to(kind).to(memory_format=torch.channels_last)
    nchw = torch.from_numpy(images).permute(0, 3, 1, 2).to(kind)  # channels last in memory

    def run():
        with torch.inference_mode():
            model(nchw)

    return run


def make_onnxruntime(options, precision, images):
    import io

    import onnxruntime
    import torch
    from extract_common import torch_model

    nchw = images.transpose(0, 3, 1, 2).copy()
    file = io.BytesIO()
    torch.onnx.export(torch_model(options.weights), (torch.from_numpy(nchw),), file, dynamo=False)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(
        file.getvalue(), settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: nchw})


def make_keras(options, precision, images):
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    model = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=images.shape[1:])
    model.load_weights(options.weights)
    function = tf.function(lambda x: model(x, training=False))
    tensor = tf.constant(images)
    return lambda: function(tensor).numpy()


def child(options):
    """One peer, one case: prints the milliseconds a picture of its best run."""
    peer, precision, size, batch = options.child.split(":")
    images = batch_of_pictures(options, int(size), int(batch))
    run = globals()[f"make_{peer}"](options, precision, images)
    run()
    best, end = float("inf"), time.perf_counter() + options.seconds
    while time.perf_counter() < end or best == float("inf"):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    print(json.dumps(1e3 * best / int(batch)))


def time_peer(options, peer, precision, size, batch):
    command = [sys.executable, __file__, "--weights", options.weights,
               "--pictures", str(options.pictures), "--threads", str(options.threads),
               "--seconds", str(options.seconds), "--child", f"{peer}:{precision}:{size}:{batch}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{peer} {precision} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def time_ours(options, arithmetic, cpu, size, batch):
    environment = dict(os.environ, **({"HEADSTART_CPU": cpu} if cpu else {}))
    # About the same seconds as a peer, from a first guess of 20 ms a picture at 150 x 150.
    repetitions = max(3, int(options.seconds / (20e-3 * batch * (size / 150) ** 2)))
    done = subprocess.run(
        [options.headstart, "bench", "--size", str(size), "--batch", str(batch), "--arithmetic",
         arithmetic, "--threads", str(options.threads), "--repetitions", str(repetitions),
         "--json"], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"headstart {arithmetic} failed:\n{done.stderr}")
    return json.loads(done.stdout)["results"][0]["msPerPicture"]


def time_case(options, size, batch):
    """Best milliseconds a picture of everything, taking turns."""
    has_bf16 = "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()
    runners = {}
    for peer in options.peers.split(","):
        for precision in PEERS[peer]:
            runners[f"{peer} {precision}"] = (
                lambda p=peer, q=precision: time_peer(options, p, q, size, batch))
    for arithmetic, cpu in OURS:
        name = f"headstart {arithmetic}" + (f" ({cpu})" if cpu else "")
        runners[name] = lambda a=arithmetic, c=cpu: time_ours(options, a, c, size, batch)
    best = {}
    for _ in range(options.rounds):
        for name, run in runners.items():
            if "bf16" in name and not has_bf16:
                continue
            best[name] = min(best.get(name, float("inf")), run())
            print(f"{size}x{size} batch {batch}: {name} {best[name]:.2f}", file=sys.stderr)
    return best


def print_case(size, batch, threads, best):
    print(f"\n{size}x{size}, batch {batch}, {threads} threads")
    for name, ms in sorted(best.items(), key=lambda item: item[1]):
        precision = "bf16" if "bf16" in name else "f32"
        rivals = [v for k, v in best.items() if k.endswith(precision) and "headstart" not in k]
        ratio = f"{ms / min(rivals):6.2f} of the fastest {precision} peer" if rivals else ""
        print(f"  {name:24}{ms:8.2f} ms/picture{ratio}")


def main():
    options = arguments()
    if options.child:
        return child(options)
    results = []
    for case in options.cases.split(","):
        size, batch = map(int, case.split(":"))
        best = time_case(options, size, batch)
        results.append({"size": size, "batch": batch, "msPerPicture": best})
        if not options.json:
            print_case(size, batch, options.threads, best)
    if options.json:
        print(json.dumps({"threads": options.threads, "results": results}, indent=2))


if __name__ == "__main__":
    main()
