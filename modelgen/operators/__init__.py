"""The operators of a graph, one file each: what they compute, how exactly, with which kernel."""

from __future__ import annotations

from modelgen.operators.argmax import Argmax
from modelgen.operators.avg_pool2d import AvgPool2d
from modelgen.operators.base import Operator
from modelgen.operators.binary import Binary
from modelgen.operators.channel_scale import ChannelScale
from modelgen.operators.concatenate import Concatenate
from modelgen.operators.conv2d import Conv2d
from modelgen.operators.conv_transpose2d import ConvTranspose2d
from modelgen.operators.dropout import Dropout
from modelgen.operators.elementwise import Elementwise
from modelgen.operators.embedding import Embedding
from modelgen.operators.expand import Expand
from modelgen.operators.gru_state import GruState
from modelgen.operators.integer.add import IntegerAdd
from modelgen.operators.integer.avg_pool2d import IntegerAvgPool2d
from modelgen.operators.integer.byte_table import ByteTable
from modelgen.operators.integer.conv2d import IntegerConv2d
from modelgen.operators.integer.dequantize import Dequantize
from modelgen.operators.integer.fp32_add import Fp32Add
from modelgen.operators.integer.fp32_avg_pool2d import Fp32AvgPool2d
from modelgen.operators.integer.fp32_mean import Fp32Mean
from modelgen.operators.integer.fp32_multiply import Fp32Multiply
from modelgen.operators.integer.fp32_softmax import Fp32Softmax
from modelgen.operators.integer.linear import IntegerLinear
from modelgen.operators.integer.max_pool2d import IntegerMaxPool2d
from modelgen.operators.integer.mean import IntegerMean
from modelgen.operators.integer.multiply import IntegerMultiply
from modelgen.operators.integer.quantize import Quantize
from modelgen.operators.integer.softmax import IntegerSoftmax
from modelgen.operators.interleave import Interleave
from modelgen.operators.linear import Linear
from modelgen.operators.lstm_output import LstmOutput
from modelgen.operators.lstm_state import LstmState
from modelgen.operators.matmul import MatMul
from modelgen.operators.max_pool2d import MaxPool2d
from modelgen.operators.normalize import Normalize
from modelgen.operators.pad import Pad
from modelgen.operators.permute import Permute
from modelgen.operators.pointwise import Pointwise
from modelgen.operators.reduce import Reduce
from modelgen.operators.reshape import Reshape
from modelgen.operators.resize import Resize
from modelgen.operators.rows import Rows
from modelgen.operators.select import Select
from modelgen.operators.slice import Slice
from modelgen.operators.softmax import Softmax
from modelgen.operators.stack_rows import StackRows
from modelgen.operators.take import Take
from modelgen.operators.uneven_avg_pool2d import UnevenAvgPool2d
from modelgen.operators.uneven_max_pool2d import UnevenMaxPool2d

__all__ = [
    "ALL",
    "Argmax",
    "AvgPool2d",
    "Binary",
    "ByteTable",
    "ChannelScale",
    "Concatenate",
    "Conv2d",
    "ConvTranspose2d",
    "Dequantize",
    "Dropout",
    "Elementwise",
    "Embedding",
    "Expand",
    "Fp32Add",
    "Fp32AvgPool2d",
    "Fp32Mean",
    "Fp32Multiply",
    "Fp32Softmax",
    "GruState",
    "IntegerAdd",
    "IntegerAvgPool2d",
    "IntegerConv2d",
    "IntegerLinear",
    "IntegerMaxPool2d",
    "IntegerMean",
    "IntegerMultiply",
    "IntegerSoftmax",
    "Interleave",
    "Linear",
    "LstmOutput",
    "LstmState",
    "MatMul",
    "MaxPool2d",
    "Normalize",
    "Operator",
    "Pad",
    "Permute",
    "Pointwise",
    "Quantize",
    "Reduce",
    "Reshape",
    "Resize",
    "Rows",
    "Select",
    "Slice",
    "Softmax",
    "StackRows",
    "Take",
    "UnevenAvgPool2d",
    "UnevenMaxPool2d",
]

ALL: tuple[type[Operator], ...] = (
    Argmax,
    AvgPool2d,
    Binary,
    ByteTable,
    ChannelScale,
    Concatenate,
    Conv2d,
    ConvTranspose2d,
    Dequantize,
    Dropout,
    Elementwise,
    Embedding,
    Expand,
    Fp32Add,
    Fp32AvgPool2d,
    Fp32Mean,
    Fp32Multiply,
    Fp32Softmax,
    GruState,
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConv2d,
    IntegerLinear,
    IntegerMaxPool2d,
    IntegerMean,
    IntegerMultiply,
    IntegerSoftmax,
    Interleave,
    Linear,
    LstmOutput,
    LstmState,
    MatMul,
    MaxPool2d,
    Normalize,
    Pad,
    Permute,
    Pointwise,
    Quantize,
    Reduce,
    Reshape,
    Resize,
    Rows,
    Select,
    Slice,
    Softmax,
    StackRows,
    Take,
    UnevenAvgPool2d,
    UnevenMaxPool2d,
)
