#!/usr/bin/env python3
"""Write the broken files of this folder and list.tsv: format, status, file(s) of the training set, words of the message."""
import os, struct, zlib

here = os.path.dirname(os.path.abspath(__file__))
rows = []


def case(format, status, words, *files):
    names = []
    for name, content in files:
        if content is not None:
            with open(os.path.join(here, name), "wb") as f:
                f.write(content if isinstance(content, bytes) else content.encode())
        names.append(name)
    rows.append("\t".join([format, status, ",".join(names), words]))


def idx(magic, dims, data):
    return struct.pack(">I", magic) + b"".join(struct.pack(">I", d) for d in dims) + data


images = ("good-images.idx", idx(0x803, (3, 2, 2), bytes(range(12))))
labels = ("good-labels.idx", idx(0x801, (3,), bytes([0, 1, 2])))
case("idx", "OK", "", images, labels)
case("idx", "EFORMAT", "cut short", ("cut-images.idx", images[1][:-3]), labels)
case("idx", "EFORMAT", "after the data", ("long-images.idx", images[1] + b"x"), labels)
case("idx", "EFORMAT", "magic 00000d03", ("float-images.idx", idx(0xD03, (3, 2, 2), bytes(48))), labels)
case("idx", "EFORMAT", "swapped", labels, images)
case("idx", "EFORMAT", "header alone", ("header-images.idx", images[1][:10]), labels)
case("idx", "EFORMAT", "magic", ("empty.idx", b""), labels)
case("idx", "EFORMAT", "extent 0 is 0", ("none-images.idx", idx(0x803, (0, 2, 2), b"")), labels)
case("idx", "EFORMAT", "promises", ("huge-images.idx", idx(0x803, (0xFFFFFFFF, 2, 2), bytes(12))), labels)
case("idx", "EFORMAT", "exceeds 2^63", ("overflow-images.idx", idx(0x803, (0xFFFFFFFF,) * 3, bytes(12))), labels)
case("idx", "EFORMAT", "2 labels for 3 images", images, ("two-labels.idx", idx(0x801, (2,), bytes([0, 1]))))
case("idx", "EIO", "absent.idx: No such file", images, ("absent.idx", None))
case("idx", "EFORMAT", "gzip", ("cut-images.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x63\x60\x60"), labels)
case("idx", "ECONFIG", "wants [images, labels]", images)

case("cifar10", "EFORMAT", "whole rows", ("cut.bin", bytes(3072)))
case("cifar10", "EFORMAT", "found 0 rows", ("empty.bin", b""))
case("cifar10", "EFORMAT", "row 1, offset 3073: label 10", ("label.bin", bytes(3073) + bytes([10]) + bytes(3072)))

case("csv", "OK", "", ("good.csv", "a,b,label\n1,2,x\n3,4,y\n"))
case("csv", "EFORMAT", "cell.csv:3:3: found 'abc' in column 1 ('b')", ("cell.csv", "a,b,label\n1,2,x\n3,abc,y\n"))
case("csv", "EFORMAT", "empty.csv:2:3: found '' in column 1", ("empty.csv", "1,2,0\n1,,0\n"))
case("csv", "EFORMAT", "hex.csv:2:1: found '0x10'", ("hex.csv", "1,2,0\n0x10,2,0\n"))
case("csv", "EFORMAT", "nan.csv:2:1: found 'nan'", ("nan.csv", "1,2,0\nnan,2,0\n"))
case("csv", "EFORMAT", "inf.csv:2:1: found '1e999'", ("inf.csv", "1,2,0\n1e999,2,0\n"))
case("csv", "EFORMAT", "ragged.csv:2: found 2 cells; wanted 3", ("ragged.csv", "1,2,0\n1,2\n"))
case("csv", "EFORMAT", "wide.csv:3: found 4 cells; wanted 3", ("wide.csv", "1,2,0\n1,2,0\n1,2,3,0\n"))
case("csv", "EFORMAT", "neither a header nor a row", ("mixed.csv", "150,4,setosa,versicolor,virginica\n5.1,3.5,1.4,0.2,0\n"))
case("csv", "EFORMAT", "no rows", ("nothing.csv", ""))
case("csv", "EFORMAT", "no rows", ("blank.csv", "\n\n  \n"))
case("csv", "EFORMAT", "a header and no rows", ("header.csv", "a,b,label\n"))
case("csv", "EFORMAT", "one column", ("one.csv", "1\n2\n"))
case("csv", "EFORMAT", "never closed", ("quote.csv", 'a,b,label\n1,2,"x\n3,4,y\n'))
case("csv", "EFORMAT", "after a closing quote", ("after.csv", 'a,b,label\n1,"2"5,x\n'))
case("csv", "EFORMAT", "0 byte", ("binary.csv", b"1,2,0\n1,\0,0\n"))
case("csv", "EFORMAT", "nolabel.csv:2:5: found '' in column 2", ("nolabel.csv", "1,2,0\n1,2,\n"))
case("csv", "EFORMAT", "more than 4096 different labels", ("classes.csv", "".join(f"1,{i}.5\n" for i in range(4097))))
case("csv", "EFORMAT", "na.csv:3:3: found 'N/A' in column 1 ('b'); wanted a number; set data.missing", ("na.csv", "a,b,label\n1,2,x\n3,N/A,y\n"))

case("csv", "EFORMAT", "short.csv:3: found 2 cells; wanted 3 as in line 1", ("short.csv", "a,b,c\n1,2,x\n1,y\n"))
case("csv", "EFORMAT", "large.csv:3:1: found '1e400' in column 0 ('a'); wanted a number below 1.8e308", ("large.csv", "a,b,c\n1,2,x\n1e400,3,y\n"))
case("jsonl", "OK", "", ("good.jsonl", '{"a": 1, "b": [2, 3.5], "label": "x"}\n\n{"label": "y", "b": [4, 5], "a": true}\n'))
case("jsonl", "EFORMAT", "syntax.jsonl:2:9:", ("syntax.jsonl", '{"a": 1, "label": "x"}\n{"a": 1,, "label": "x"}\n'))
case("jsonl", "EFORMAT", "cut.jsonl:2:", ("cut.jsonl", '{"a": 1, "label": "x"}\n{"a": 1, "la'))
case("jsonl", "EFORMAT", "duplicate", ("twice.jsonl", '{"a": 1, "a": 2, "label": "x"}\n'))
case("jsonl", "EFORMAT", "list.jsonl:1: found an array; wanted an object", ("list.jsonl", '[1, 2, 3]\n'))
case("jsonl", "EFORMAT", "longer.jsonl:2: \"b\": found 3 numbers; wanted 2 as in the first line", ("longer.jsonl", '{"b": [2, 3], "label": "x"}\n{"b": [4, 5, 6], "label": "x"}\n'))
case("jsonl", "EFORMAT", "other.jsonl:2: found 3 keys, 2 of them known", ("other.jsonl", '{"b": 1, "label": "x"}\n{"b": 2, "c": 3, "label": "x"}\n'))
case("jsonl", "EFORMAT", "label.jsonl:2: found no key 'label'; wanted all keys of the first line", ("label.jsonl", '{"a": 1, "label": "x"}\n{"a": 3}\n'))
case("jsonl", "EFORMAT", "absent.jsonl:2: found no key 'a'; wanted all keys of the first line; set data.missing", ("absent.jsonl", '{"a": 1, "b": 2, "label": "x"}\n{"b": 3, "label": "x"}\n'))
case("jsonl", "EFORMAT", "null.jsonl:1:1: found 'null' in column 0 ('a')", ("null.jsonl", '{"a": null, "label": "x"}\n'))
case("jsonl", "EFORMAT", "word.jsonl:1:1: found 'big' in column 0 ('a'); wanted a number", ("word.jsonl", '{"a": "big", "label": "x"}\n'))
case("jsonl", "EFORMAT", "inner.jsonl:1: \"a\": found an object; wanted numbers", ("inner.jsonl", '{"a": {"b": 1}, "label": "x"}\n'))
case("jsonl", "EFORMAT", "real number overflow near '1e999'; wanted a JSON object, numbers in it below 1.8e308", ("overflow.jsonl", '{"a": 1e999, "label": "x"}\n'))
case("jsonl", "EFORMAT", "found '' in column 0 ('label'); wanted a label", ("nolabel.jsonl", '{"a": 1, "label": "x"}\n{"a": 2, "label": null}\n'))
case("jsonl", "EFORMAT", "no key but the label", ("lone.jsonl", '{"label": "x"}\n'))
case("jsonl", "EFORMAT", "without keys", ("keyless.jsonl", '{}\n'))
case("jsonl", "EFORMAT", "no rows", ("nothing.jsonl", ''))
case("jsonl", "EFORMAT", "nested.jsonl:1:2054: maximum parsing depth", ("nested.jsonl", '{"a": ' + "[" * 5000 + "\n"))
case("jsonl", "EFORMAT", "latin.jsonl:1:3: unable to decode", ("latin.jsonl", b'{"a\xe9": 1, "label": "x"}\n'))

case("libsvm", "OK", "", ("good.libsvm", "+1 1:0.5 3:2 # first\n-1 2:1e-3\n\n# a comment\n+1\n-1 qid:7 1:1\n"))
case("libsvm", "EFORMAT", "label.libsvm:2:1: found 'x'; wanted a number as label", ("label.libsvm", "1 1:1\nx 1:1\n"))
case("libsvm", "EFORMAT", "colon.libsvm:1:7: found '22'; wanted index:value", ("colon.libsvm", "1 1:1 22\n"))
case("libsvm", "EFORMAT", "value.libsvm:1:3: found '1:x'", ("value.libsvm", "1 1:x\n"))
case("libsvm", "EFORMAT", "nan.libsvm:1:3: found '1:nan'", ("nan.libsvm", "1 1:nan\n"))
case("libsvm", "EFORMAT", "zero.libsvm:1:3: found '0:1'; wanted an index from 1 to", ("zero.libsvm", "1 0:1\n"))
case("libsvm", "EFORMAT", "large.libsvm:1:3: found '99999999999:1'; wanted an index from 1 to 16777216", ("large.libsvm", "1 99999999999:1\n"))
case("libsvm", "EFORMAT", "minus.libsvm:1:3: found '-1:1'; wanted index:value", ("minus.libsvm", "1 -1:1\n"))
case("libsvm", "EFORMAT", "order.libsvm:2:7: found '2:1'; wanted indices that rise", ("order.libsvm", "1 2:1\n0 3:1 2:1\n"))
case("libsvm", "EFORMAT", "no row has a feature", ("bare.libsvm", "1\n0\n"))
case("libsvm", "EFORMAT", "no rows", ("nothing.libsvm", "# nothing\n"))
case("libsvm", "EFORMAT", "offset 4: a 0 byte", ("binary.libsvm", b"1 1:\0\n"))


def png(W, H, content):
    chunk = lambda kind, b: struct.pack(">I", len(b)) + kind + b + struct.pack(">I", zlib.crc32(kind + b))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", W, H, 8, 0, 0, 0, 0)) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def member(name, content):
    """A tar with one member."""
    head = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(content) + b"00000000000\0" + b" " * 8 + b"0" + bytes(355)
    head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
    return head + content + bytes(-len(content) % 512) + bytes(1024)


dot = png(2, 1, zlib.compress(b"\0\1\2"))
case("images", "OK", "", ("good.tar", member("a/1.png", dot)))
case("images", "EFORMAT", "stray.tar/1.png: an image in no class folder", ("stray.tar", member("1.png", dot)))
case("images", "EFORMAT", "wide.tar/a/1.png: the header promises 50000x50000 pixels", ("wide.tar", member("a/1.png", png(50000, 50000, zlib.compress(bytes(99))))))
case("images", "EFORMAT", "cut-image.tar/a/1.png: damaged PNG", ("cut-image.tar", member("a/1.png", dot[:-20])))
case("images", "EFORMAT", "checksum.tar/a/1.png: damaged PNG", ("checksum.tar", member("a/1.png", dot.replace(b"\x00\x01\x08\x00", b"\x00\x02\x08\x00"))))
case("images", "EFORMAT", "short.tar/a/1.png: damaged PNG", ("short.tar", member("a/1.png", png(2, 2, zlib.compress(b"\0\1\2")))))
case("images", "EFORMAT", "cut-jpeg.tar/a/1.jpg: damaged JPEG", ("cut-jpeg.tar", member("a/1.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0")))
case("images", "EFORMAT", "gif.tar/a/1.png: offset 0: neither a PNG nor a JPEG", ("gif.tar", member("a/1.png", b"GIF89a")))
case("images", "EFORMAT", "no images; wanted", ("text.tar", member("a/1.txt", b"text")))
case("images", "EFORMAT", "damaged archive", ("short-archive.tar", member("a/1.png", dot)[:520]))
case("images", "EFORMAT", "damaged archive", ("header.tar", b"1" + member("a/1.png", dot)[1:]))
case("images", "EIO", "no such folder or archive", ("absent.tar", None))


def npy(descr, shape, data, fortran="False", version=1, text=None, length=None):
    text = text or f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
    head = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    n = len(head) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + (struct.pack("<H", n) if version == 1 else struct.pack("<I", n)) + head + data


x = ("good-x.npy", npy("<f4", "(2, 3)", struct.pack("<6f", *range(6))))
y = ("good-y.npy", npy("<i8", "(2,)", struct.pack("<2q", 0, 1)))
case("npy", "OK", "", x, y)
case("npy", "OK", "", ("second-x.npy", npy("<f8", "(2,3)", struct.pack("<6d", *range(6)), version=2)), y)
case("npy", "EFORMAT", "Fortran order", ("fortran.npy", npy("<f4", "(2, 3)", bytes(24), "True")), y)
case("npy", "EFORMAT", "little-endian", ("big.npy", npy(">f4", "(2, 3)", bytes(24))), y)
case("npy", "EFORMAT", "element type", ("half.npy", npy("<f2", "(2, 3)", bytes(12))), y)
case("npy", "EFORMAT", "no plain descr", ("record.npy", npy("", "(2,)", bytes(24), text="{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }")), y)
case("npy", "EFORMAT", "no shape", ("shapeless.npy", npy("", "", b"", text="{'descr': '<f4', 'fortran_order': False, }")), y)
case("npy", "EFORMAT", "1 to 4 extents", ("negative.npy", npy("<f4", "(-2, 3)", bytes(24))), y)
case("npy", "EFORMAT", "1 to 4 extents", ("deep.npy", npy("<f4", "(1, 1, 1, 2, 3)", bytes(24))), y)
case("npy", "EFORMAT", "1 to 4 extents", ("open.npy", npy("<f4", "(2, 3", bytes(24))), y)
case("npy", "EFORMAT", "promises", ("huge.npy", npy("<f8", "(4611686018427387904, 3)", bytes(24))), y)
case("npy", "EFORMAT", "promises", ("cut.npy", x[1][:-1]), y)
case("npy", "EFORMAT", "a header of 60000 bytes", ("header.npy", npy("<f4", "(2, 3)", bytes(24), length=60000)), y)
case("npy", "EFORMAT", "version 9", ("version.npy", x[1][:6] + b"\x09" + x[1][7:]), y)
case("npy", "EFORMAT", "not a NumPy array", ("text.npy", "1,2,3\n4,5,6\n"), y)
case("npy", "EFORMAT", "without elements", ("none.npy", npy("<f4", "(0, 3)", b"")), y)
case("npy", "EFORMAT", "row 1, element 2: found nan", ("nan.npy", npy("<f4", "(2, 3)", struct.pack("<6f", 0, 0, 0, 0, 0, float("nan")))), y)
case("npy", "EFORMAT", "row 1: label -1", x, ("minus-y.npy", npy("<i4", "(2,)", struct.pack("<2i", 0, -1))))
case("npy", "EFORMAT", "row 0: label 7", x, ("large-y.npy", npy("<i8", "(2,)", struct.pack("<2q", 7 << 40, 1))))
case("npy", "EFORMAT", "3 rows, x has 2", x, ("three-y.npy", npy("<i4", "(3,)", bytes(12))))

with open(os.path.join(here, "list.tsv"), "w") as f:
    f.write("\n".join(rows) + "\n")
