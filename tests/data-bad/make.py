#!/usr/bin/env python3
"""Write the broken files of this folder and list.tsv: format, status, file(s) of the training set, words of the message."""
import os, struct

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
