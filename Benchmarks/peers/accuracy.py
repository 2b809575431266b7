"""Errors of VGG16's block5_pool features of real photos against f64, ours and PyTorch's.

    python3 Benchmarks/peers/accuracy.py FOLDER --weights WEIGHTS.h5 [--headstart PATH]

Takes 16 photos, spread over the folder, at 150x150 and 224x224 (caffe, bilinear), and fails if an
arithmetic has a larger error (Frobenius norm of the difference over that of the features) than it
may. Needs numpy, pillow, h5py and torch.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch

from extract_common import arguments, load, pictures, torch_model

LIMITS = {"f32": 9e-7, "f32-fast": 2e-6, "bf16": 1e-2}


def copy_photos(paths, folder):
    """In two classes, which a data set needs."""
    for index, path in enumerate(paths):
        target = folder / "train" / f"class{index % 2}"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target / f"{index:04}{path.suffix.lower()}")


def features(headstart, data, weights, size, arithmetic, scratch):
    output = scratch / f"{size}-{arithmetic}"
    subprocess.run(
        [headstart, "features", "export", data, "--split", "train", "--validation-share", "0",
         "--output", output, "--weights", weights, "--size", str(size), "--arithmetic", arithmetic,
         "--features", scratch / "store", "--ignore-exif", "--quiet"],
        check=True, stdout=subprocess.DEVNULL)
    files = (output / "bottleneck_files_train.txt").read_text().splitlines()
    return np.load(output / "bottleneck_features_train.npy"), files


def reference(model, images, kind):
    with torch.inference_mode():
        nchw = torch.from_numpy(images).permute(0, 3, 1, 2).to(kind)
        return model.to(kind)(nchw).permute(0, 2, 3, 1).double().numpy()


def error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def main():
    sys.argv[1:] = sys.argv[1:] or ["--help"]
    headstart = ".build/release/headstart"
    if "--headstart" in sys.argv:
        at = sys.argv.index("--headstart")
        headstart = sys.argv[at + 1]
        del sys.argv[at : at + 2]
    options = arguments("headstart")
    torch.set_num_threads(options.threads)
    paths = pictures(options)
    paths = paths[:: max(1, len(paths) // 16)][:16]
    has_bf16 = "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        data = scratch / "data"
        copy_photos(paths, data)
        for size in (150, 224):
            expected = None
            for arithmetic, limit in LIMITS.items():
                if arithmetic == "bf16" and not has_bf16:
                    continue
                found, files = features(
                    headstart, data, options.weights, size, arithmetic, scratch)
                if expected is None:
                    images = np.stack(
                        [load(next(data.rglob(pathlib.Path(f).name)), size) for f in files])
                    model = torch_model(options.weights)
                    direct = reference(model, images, torch.float32)
                    expected = reference(model, images, torch.float64)
                    print(f"{size}x{size} PyTorch f32: {error(direct, expected):.2e}")
                ours = error(found, expected)
                failed |= not ours <= limit
                print(f"{size}x{size} headstart {arithmetic}: {ours:.2e}, at most {limit:.0e}")
    if failed:
        raise SystemExit("too large")


if __name__ == "__main__":
    main()
