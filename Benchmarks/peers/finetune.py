"""Times a fine-tuning step of VGG16's block 5 from cached block4_pool: headstart beside PyTorch.

    python3 Benchmarks/peers/finetune.py [--headstart .build/release/headstart] [--json]

Three convolutions of 512 channels, 2x2 pool, global max pool, unit length, one sigmoid unit;
binary cross-entropy, SGD with momentum; forward, backward and update. Both take turns, `--rounds`
times, and the best step of each counts. Needs torch.
"""

import argparse
import json
import os
import subprocess
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--headstart", default=".build/release/headstart")
    parser.add_argument("--cases", default="150:16,224:16", metavar="SIZE:BATCH,…")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def torch_step(options):
    """Milliseconds a picture of PyTorch's best step, in the faster of its two layouts."""
    import torch

    size, batch = map(int, options.child.split(":"))
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    best = float("inf")
    for layout in (torch.channels_last, torch.contiguous_format):
        convolutions = [torch.nn.Conv2d(512, 512, 3, padding=1) for _ in range(3)]
        base = torch.nn.Sequential(
            *(layer for c in convolutions for layer in (c, torch.nn.ReLU(inplace=True))),
            torch.nn.MaxPool2d(2), torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten())
        base = base.to(memory_format=layout)
        dense = torch.nn.Linear(512, 1)
        optimizer = torch.optim.SGD(
            [*base.parameters(), *dense.parameters()], lr=1e-4, momentum=0.9)
        inputs = torch.relu(torch.rand(batch, 512, size // 16, size // 16) * 2 - 1)
        inputs = inputs.to(memory_format=layout)
        labels = (torch.arange(batch) % 2).float()[:, None]
        for _ in range(options.steps + 2):
            start = time.perf_counter()
            optimizer.zero_grad()
            pooled = torch.nn.functional.normalize(base(inputs))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(dense(pooled), labels)
            loss.backward()
            optimizer.step()
            best = min(best, time.perf_counter() - start)
    print(json.dumps(1e3 * best / batch))


def last_line(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def main():
    options = arguments()
    if options.child:
        return torch_step(options)
    results = []
    for case in options.cases.split(","):
        size, batch = case.split(":")
        best = {"torch": float("inf"), "headstart": float("inf")}
        for _ in range(options.rounds):
            peer = last_line([sys.executable, __file__, "--child", case, "--threads",
                              str(options.threads), "--steps", str(options.steps)])
            best["torch"] = min(best["torch"], json.loads(peer))
            ours = last_line([options.headstart, "bench", "--fine-tune", "--size", size, "--batch",
                              batch, "--repetitions", str(options.steps), "--threads",
                              str(options.threads), "--json"])
            best["headstart"] = min(
                best["headstart"], json.loads(ours)["fineTuning"][0]["msPerPicture"])
        results.append({"size": int(size), "batch": int(batch), "msPerPicture": best})
        if not options.json:
            print(f"{size}x{size}, batch {batch}: headstart {best['headstart']:.2f} ms/picture, "
                  f"PyTorch {best['torch']:.2f}, ratio {best['headstart'] / best['torch']:.2f}")
    if options.json:
        print(json.dumps({"threads": options.threads, "results": results}, indent=2))


if __name__ == "__main__":
    main()
