"""Extracts VGG16 features of a folder of pictures with PyTorch, as a user would.

A DataLoader decodes ahead in worker processes; the network runs channels-last, which is
PyTorch's fastest layout for it on a CPU.

    python3 Benchmarks/peers/extract_torch.py FOLDER --weights WEIGHTS.h5
"""

from extract_common import Stopwatch, arguments, load, pictures, torch_model

watch = Stopwatch()
options = arguments("PyTorch")
import numpy as np
import torch

torch.set_num_threads(options.threads)
paths = pictures(options)


class Pictures(torch.utils.data.Dataset):
    def __len__(self):
        return len(paths)

    def __getitem__(self, index):
        # NHWC in memory, NCHW in shape: channels-last.
        return torch.from_numpy(load(paths[index], options.size)).permute(2, 0, 1)


model = torch_model(options.weights).to(memory_format=torch.channels_last)
loader = torch.utils.data.DataLoader(
    Pictures(), batch_size=options.batch, num_workers=max(1, options.threads // 2))
watch.is_ready()
features = []
with torch.inference_mode():
    for images in loader:
        images = images.contiguous(memory_format=torch.channels_last)
        features.append(model(images).permute(0, 2, 3, 1).contiguous().numpy())
np.save(options.output, np.concatenate(features))
watch.report(f"PyTorch {torch.__version__}", len(paths))
