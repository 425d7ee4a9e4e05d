"""The work of `syrinx bench train` in PyTorch: the same sizes, the same batch, one line of JSON on standard output."""

import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F


def rotate(x, cos, sin):
    """Rotary positions, rotate-half form. x: (batch, heads, time, head_dim)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


class Block(torch.nn.Module):
    def __init__(self, dim, heads, hidden):
        super().__init__()
        self.heads = heads
        self.attention_norm = torch.nn.RMSNorm(dim, eps=1e-6)
        self.qkv = torch.nn.Linear(dim, 3 * dim, bias=False)
        self.out = torch.nn.Linear(dim, dim, bias=False)
        self.mlp_norm = torch.nn.RMSNorm(dim, eps=1e-6)
        self.gate_up = torch.nn.Linear(dim, 2 * hidden, bias=False)
        self.down = torch.nn.Linear(hidden, dim, bias=False)

    def forward(self, x, cos, sin):
        batch, time_steps, dim = x.shape
        qkv = self.qkv(self.attention_norm(x))
        qkv = qkv.view(batch, time_steps, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        q, k = rotate(qkv[0], cos, sin), rotate(qkv[1], cos, sin)
        seen = F.scaled_dot_product_attention(q, k, qkv[2], is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, time_steps, dim))
        gate, up = self.gate_up(self.mlp_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Model(torch.nn.Module):
    def __init__(self, block, classes):
        super().__init__()
        dim, heads = block["dim"], block["heads"]
        self.table = torch.nn.Embedding(classes, dim)
        self.blocks = torch.nn.ModuleList(
            Block(dim, heads, block["hidden"]) for _ in range(block["layers"])
        )
        self.norm = torch.nn.RMSNorm(dim, eps=1e-6)
        self.head = torch.nn.Linear(dim, classes, bias=False)
        self.half = dim // heads // 2

    def forward(self, tokens):
        rates = 10_000.0 ** (-torch.arange(self.half) / self.half)
        angles = torch.arange(tokens.shape[1])[:, None] * rates[None, :]
        x = self.table(tokens)
        for block in self.blocks:
            x = block(x, angles.cos(), angles.sin())
        return self.head(self.norm(x))


def main():
    asked = json.loads(sys.argv[1])
    config = asked["config"]
    torch.set_num_threads(asked["threads"])
    torch.manual_seed(1)
    model = Model(config["block"], config["classes"])
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.01
    )
    shape = (config["sequences"], config["positions"])
    tokens = torch.randint(config["classes"], shape)
    targets = tokens.flatten().roll(-1)
    parts = []
    for _ in range(config["steps"] + 1):
        times = [time.perf_counter()]
        loss = F.cross_entropy(model(tokens).flatten(0, 1), targets)
        times.append(time.perf_counter())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        times.append(time.perf_counter())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        last = loss.item()
        times.append(time.perf_counter())
        parts.append([b - a for a, b in zip(times, times[1:])])
    # The first step also pays for memory that later ones find there.
    parts = parts[1:]
    step_s = statistics.median_high(sum(p) for p in parts)
    forward_s, backward_s, optimizer_s = (statistics.median_high(p) for p in zip(*parts))
    figures = {
        "tokens_per_s": shape[0] * shape[1] / step_s,
        "forward_s": forward_s,
        "backward_s": backward_s,
        "optimizer_s": optimizer_s,
        "loss": last,
    }
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name = f"PyTorch {torch.__version__}"
    print(json.dumps({"name": name, "figures": figures, "peak_mib": peak_mib}))


if __name__ == "__main__":
    main()
