"""The work of `syrinx bench decode` in PyTorch, with cached keys and values and, as the reference decodes, without: the
same sizes, one line of JSON on standard output."""

import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from train import Model, rotate  # noqa: E402

# Frames decoded without a cache, at lengths from the first measured frame to the last.
UNCACHED = 4


def step(model, tokens, at, caches):
    """One position of every sequence. tokens: (batch); caches: one pair (batch, heads, room, head_dim) a block."""
    rates = 10_000.0 ** (-torch.arange(model.half) / model.half)
    angles = at * rates
    cos, sin = angles.cos(), angles.sin()
    x = model.table(tokens)
    batch, dim = x.shape
    for block, (keys, values) in zip(model.blocks, caches):
        qkv = block.qkv(block.attention_norm(x)).view(batch, 3, block.heads, 1, dim // block.heads)
        q, k, v = rotate(qkv[:, 0], cos, sin), rotate(qkv[:, 1], cos, sin), qkv[:, 2]
        keys[:, :, at] = k[:, :, 0]
        values[:, :, at] = v[:, :, 0]
        seen = F.scaled_dot_product_attention(q, keys[:, :, : at + 1], values[:, :, : at + 1])
        x = x + block.out(seen.reshape(batch, dim))
        gate, up = block.gate_up(block.mlp_norm(x)).chunk(2, dim=-1)
        x = x + block.down(F.silu(gate) * up)
    return model.head(model.norm(x)).argmax(dim=-1)


def uncached(model, config):
    """Seconds of a frame without a cache, which computes every position again."""
    taken = []
    for i in range(UNCACHED):
        length = config["history"] + config["frames"] * i // (UNCACHED - 1)
        tokens = torch.zeros((config["sequences"], max(length, 1)), dtype=torch.long)
        begun = time.perf_counter()
        model(tokens)[:, -1].argmax(dim=-1)
        taken.append(time.perf_counter() - begun)
    return statistics.mean(taken)


def main():
    asked = json.loads(sys.argv[1])
    config, batch = asked["config"], asked["config"]["sequences"]
    torch.set_num_threads(asked["threads"])
    torch.manual_seed(1)
    block = config["block"]
    model = Model(block, config["classes"]).eval()
    room = config["history"] + config["frames"]
    shape = (batch, block["heads"], room, block["dim"] // block["heads"])
    caches = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(block["layers"])]
    tokens = torch.zeros(batch, dtype=torch.long)
    taken = []
    with torch.inference_mode():
        for at in range(room):
            begun = time.perf_counter()
            tokens = step(model, tokens, at, caches)
            if at >= config["history"]:
                taken.append(time.perf_counter() - begun)
        uncached_s = uncached(model, config)
    figures = {
        "frames_per_s": batch / statistics.median(taken),
        "uncached_frames_per_s": batch / uncached_s,
    }
    print(json.dumps({"name": f"PyTorch {torch.__version__}", "config": config, "figures": figures}))


if __name__ == "__main__":
    main()
