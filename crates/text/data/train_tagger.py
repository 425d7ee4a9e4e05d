# Trains the part-of-speech tagger of crates/text: an averaged perceptron over hashed features.
#
# usage: python train_tagger.py SILVER.txt OUT.bin
# SILVER.txt: one sentence a line, tokens as word_TAG. See README.md beside this file for its making.
import random, sys, struct, zlib
from collections import defaultdict
TAGS = "NSBPZDLGJRAIOTMCUWQX."
def fnv(s):
    h = 0x811c9dc5
    for b in s.encode():
        h = ((h ^ b) * 0x01000193) & 0xffffffff
    return h
def norm(w):
    w = w.lower()
    if w[:1].isdigit(): return '0'
    return w
def feats(ws, i, t1, t2):
    w = ws[i]
    p1 = ws[i-1] if i > 0 else '<'
    p2 = ws[i-2] if i > 1 else '<'
    n1 = ws[i+1] if i+1 < len(ws) else '>'
    n2 = ws[i+2] if i+2 < len(ws) else '>'
    return ['b', 'w '+w, 's '+w[-3:], 'e '+w[-1:], 'f '+w[:1], 't '+t1, 'T '+t2+t1, 'wt '+w+' '+t1,
            'wT '+w+' '+t2+t1, 'p '+p1, 'q '+p2, 'ps '+p1[-3:], 'n '+n1, 'm '+n2, 'ns '+n1[-3:], 'wn '+w+' '+n1, 'wp '+p1+' '+w,
            'tn '+t1+' '+n1, 'pn '+p1+' '+n1]
data = []
for line in open(sys.argv[1]):
    toks = [t.rsplit('_', 1) for t in line.split()]
    toks = [(norm(w), g) for w, g in toks]
    if toks: data.append(toks)
random.seed(3); random.shuffle(data)
held, data = data[:1500], data[1500:]
W = defaultdict(dict)       # feature -> {tag: weight}
TOT = defaultdict(lambda: defaultdict(float)); LAST = defaultdict(lambda: defaultdict(int))
count = defaultdict(int)
n = 0
cache = {}
def score(fs):
    s = dict.fromkeys(TAGS, 0.0)
    for f in fs:
        for t, w in W.get(f, {}).items(): s[t] += w
    return max(TAGS, key=lambda t: (s[t], t))
def update(f, t, d):
    w = W[f].get(t, 0.0)
    TOT[f][t] += (n - LAST[f][t]) * w; LAST[f][t] = n
    W[f][t] = w + d
for s in data:
    ws = [w for w, _ in s]; t1 = t2 = '<'
    for i, (w, g) in enumerate(s):
        for f in feats(ws, i, t1, t2): count[f] += 1
        t2, t1 = t1, g
for epoch in range(6):
    right = total = 0
    for s in data:
        ws = [w for w, _ in s]; t1 = t2 = '<'
        for i, (w, g) in enumerate(s):
            fs = [f for f in feats(ws, i, t1, t2) if count[f] > 1]
            n += 1
            p = score(fs)
            if p != g:
                for f in fs: update(f, g, 1.0); update(f, p, -1.0)
            else: right += 1
            total += 1
            t2, t1 = t1, p
    random.shuffle(data)
    print('epoch', epoch, right/total, flush=True)
AV = {}
for f, ws in W.items():
    a = {t: (TOT[f][t] + (n - LAST[f][t]) * w) / n for t, w in ws.items()}
    AV[f] = a
# Keep the heaviest weights, in eighths, as signed bytes.
import pickle
pickle.dump(AV, open(sys.argv[2] + '.pkl', 'wb'))
def pack(floor, scale):
    rows = {}
    for f, a in AV.items():
        r = [(TAGS.index(t), max(-127, min(127, round(w*scale)))) for t, w in a.items() if abs(w) >= floor]
        r = [(t, w) for t, w in r if w]
        if r: rows[fnv(f)] = r
    return rows
def test(rows):
    right = total = 0
    for s in held:
        ws = [w for w, _ in s]; t1 = t2 = '<'
        for i, (w, g) in enumerate(s):
            sc = [0]*len(TAGS)
            for f in feats(ws, i, t1, t2):
                for t, x in rows.get(fnv(f), ()): sc[t] += x
            p = TAGS[max(range(len(TAGS)), key=lambda k: (sc[k], -k))]
            right += p == g; total += 1
            t2, t1 = t1, p
    return right/total
for floor, scale in ((0.1, 16), (0.2, 16), (0.3, 16), (0.5, 12)):
    rows = pack(floor, scale)
    body = struct.pack('<I', len(rows))
    for h in sorted(rows):
        r = rows[h]
        body += struct.pack('<IB', h, len(r))
        for t, w in r: body += struct.pack('<Bb', t, w)
    z = zlib.compressobj(9, zlib.DEFLATED, -15); out = z.compress(body) + z.flush()
    open(f'{sys.argv[2]}.{floor}', 'wb').write(out)
    print('floor', floor, 'rows', len(rows), 'raw', len(body), 'bytes', len(out), 'held-out', test(rows), flush=True)
