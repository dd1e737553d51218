#!/usr/bin/env python3
"""Write the first inputs of every fuzz target into tests/fuzz/corpus/NAME (seed-*): small and good, or nearly so."""
import gzip, io, os, shutil, struct, subprocess, sys, tarfile, tempfile, zipfile, zlib

here = os.path.dirname(os.path.abspath(__file__))


def put(target, name, data):
    folder = os.path.join(here, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed-" + name), "wb") as f:
        f.write(data)


def pair(a, b):
    return struct.pack("<H", len(a)) + a + b


def idx(magic, dims, data):
    return struct.pack(">I", magic) + b"".join(struct.pack(">I", d) for d in dims) + data


images, labels = idx(0x803, (3, 2, 2), bytes(range(12))), idx(0x801, (3,), bytes([0, 1, 2]))
put("idx", "gray", pair(images, labels))
put("idx", "planes", pair(idx(0x804, (2, 3, 2, 1), bytes(range(12))), idx(0x801, (2,), bytes([1, 0]))))
put("idx", "gzip", pair(gzip.compress(images, mtime=0), gzip.compress(labels, mtime=0)))
put("idx", "huge", pair(idx(0x803, (0x7FFFFFFF, 0x7FFFFFFF, 1), b""), labels))


def npy(kind, shape, data, order="False"):
    text = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (kind, order, shape)
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


put("npy", "classes", pair(npy("<f4", (2, 3), struct.pack("<6f", *range(6))), npy("<i4", (2,), struct.pack("<2i", 0, 1))))
put("npy", "reals", pair(npy("|u1", (2, 2, 2), bytes(8)), npy("<f8", (2, 2), struct.pack("<4d", 1, 2, 3, 4))))
put("npy", "planes", pair(npy("<i8", (2, 3, 2, 1), struct.pack("<12q", *range(12))), npy("|u1", (2,), bytes([1, 0]))))
put("npy", "huge", pair(npy("<f4", (2, 1 << 40), b""), npy("<i4", (2,), struct.pack("<2i", 0, 1))))

put("cifar10", "two", bytes([3]) + bytes(3072) + bytes([9]) + bytes([7]) * 3072)
put("cifar10", "gzip", gzip.compress(bytes([3]) + bytes(3072), mtime=0))

put("csv", "header", b"\0a,b,label\n1,2,x\n3,4,y\n")
put("csv", "quoted", b'\0a;b;label\n"1";2;"x;""y"\n3;4;"z\n"\n')
put("csv", "reals", b"\x40" b"1\t2\t0.5\n3\t4\t1e-3\n\n")
put("csv", "middle", b"\x08" b"1,cat,2\r\n3,dog,4\r\n")
put("csv", "holes", b"\x10a,b,label\n,2,x\n3,NA,y\n")


put("jsonl", "rows", b'\0{"a": 1, "p": [1, [2, 3]], "label": "x"}\n{"a": -1.5e3, "p": [4, [5, 6]], "label": "y"}\n\n')
put("jsonl", "holes", b'\1{"a": null, "b": true}\n{"a": 2, "b": false}\n{"b": 3}\n')
put("jsonl", "reals", b'\x0c{"b": 1, "a": 0.5}\n{"b": "2", "a": "NA"}\n')
put("libsvm", "rows", b"\0+1 1:0.5 3:1\n-1 qid:2 2:1e-3 # c\n\n")
put("libsvm", "reals", b"\3" b"0.5 100:1\n2 1:1\n")
put("libsvm", "wide", b"\0" b"1 16777216:1\n")


def png(width, height, kind, rows, depth=8):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


gray = png(3, 2, 0, b"\0\1\2\3\0\4\5\6")
color = png(2, 2, 2, b"\0" + bytes(6) + b"\1" + bytes(range(6)))
jpeg = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100"
    "ffc4001f0000010501010101010100000000000000000102030405060708090a0b"
    "ffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f0"
    "24336272820" "90a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a"
    "737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9ca"
    "d2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa" "ffda0008010100003f00fbd3" "ffd9")
put("images", "png", pair(gray, color))
put("images", "jpeg", pair(jpeg, jpeg))
put("images", "wide", pair(png(1 << 24, 1 << 24, 2, b""), gray))


def tar(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


table = [("train.csv", b"a,b,label\n1,2,x\n3,4,y\n"), ("test.csv", b"a,b,label\n1,2,x\n")]
pictures = [("a/1.png", gray), ("b/2.png", gray)]
put("archive", "zip", b"\0" + zipped(table))
put("archive", "tar", b"\1" + tar(table)[:4096])
put("archive", "tar-gz", b"\2" + gzip.compress(tar(table), mtime=0))
put("archive", "zip-images", b"\x10" + zipped(pictures))
put("archive", "bomb", b"\0" + zipped([("train.csv", b"0,0,0\n" * 200000)]))

put("config", "mlp", b"data: {format: digits, holdout: 10%}\nmodel:\n  layers:\n    - flatten: true\n    - {dense: 16, act: relu}\n"
    b"    - {dense: classes}\noptimizer: {name: sgd, lr: 0.1, momentum: 0.9}\ntrain: {epochs: 2, batch: 64}\n")
put("config", "cnn", b"data: {format: cifar10, path: d, scale: [0, 1], augment: [{flip: horizontal}, {crop: 32, pad: 4}]}\n"
    b"model:\n  loss: {name: cross-entropy, smoothing: 0.1}\n  layers:\n  - {conv: 8, kernel: 3, pad: same, norm: batch, act: relu, repeat: 2}\n"
    b"  - residual: [{conv: 8, kernel: 3, pad: same}]\n  - pool: global-average\n  - dense: classes\n"
    b"optimizer: {name: adam, lr: 1e-3}\nschedule: {name: cosine, warmup: 2 epochs}\ntrain: {epochs: 3, batch: 32}\n")
put("config", "bad", b"data:\n  formt: &a idx\n  <<: *a\nmodel: {layers: [{dense: -1}, [], {}]}\noptimiser: !x {lr: .nan}\n---\n\xff\n")


def tensors(header, data):
    text = header.encode()
    return struct.pack("<Q", len(text)) + text + data


put("safetensors", "two", tensors('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"I32","shape":[],"data_offsets":[8,12]},'
    '"__metadata__":{"k":"v"}}', bytes(12)))
put("safetensors", "huge", tensors('{"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}}', b""))

# Shards as the program writes them: seeds.py PROGRAM
if len(sys.argv) > 1:
    work = tempfile.mkdtemp()
    for name, x, y in (("classes", npy("|u1", (3, 2, 2), bytes(range(12))), npy("<i4", (3,), struct.pack("<3i", 0, 1, 2))),
                       ("reals", npy("<f4", (2, 3), struct.pack("<6f", *range(6))), npy("<f8", (2, 2), struct.pack("<4d", 1, 2, 3, 4)))):
        for part, data in (("x.npy", x), ("y.npy", y)):
            with open(os.path.join(work, part), "wb") as f:
                f.write(data)
        out = os.path.join(work, name)
        subprocess.run([sys.argv[1], "data", "shuffle", work, "--out", out], check=True, stdout=subprocess.DEVNULL)
        read = lambda f: open(os.path.join(out, f), "rb").read()
        put("shards", name, pair(read("index.json"), read("train-00000.shard")))
    shutil.rmtree(work)
