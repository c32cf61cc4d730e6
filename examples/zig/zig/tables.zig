//! Constants and coefficients, from the page `docs/bits.md`.

pub const LOG2E: f64 = 0x1.71547652b82fep+0;
pub const LN2_HI: f64 = 0x1.62e42fefa4000p-1;
pub const LN2_LO: f64 = -0x1.8432a1b0e2634p-43;
pub const ROUND_MAGIC: f64 = 0x1.8000000000000p+52;
pub const INV_SQRT_2PI: f64 = 0x1.9884533d43651p-2;
pub const MILLS_FROM: f64 = -0x1.0000000000000p-1;
pub const MILLS_SHIFT: f64 = 0x1.6000000000000p+2;
pub const MILLS_ZERO: f64 = 0x1.e000000000000p+1;
pub const MILLS_SPAN: f64 = 0x1.2800000000000p+3;

pub const EXP = [_]f64{
    0x1.000000000000ap-1,
    0x1.55555555554fdp-3,
    0x1.55555555506b6p-5,
    0x1.1111111126e66p-7,
    0x1.6c16c184786ccp-10,
    0x1.a01a012f06879p-13,
    0x1.a019995bd65b5p-16,
    0x1.71df1ab4e8335p-19,
    0x1.28adfee8b0d54p-22,
    0x1.ad9060bf57371p-26,
};

pub const ATANH_NEXT = [_]f64{
    0x1.999999999998ep-2,
    0x1.24924924948c4p-2,
    0x1.c71c71c243ed1p-3,
    0x1.745d19c922495p-3,
    0x1.3b12f8c5adaa2p-3,
    0x1.112fcfed4717ep-3,
    0x1.dbf8d261cd62ep-4,
    0x1.fc2198edcd5c2p-4,
};

pub const ATANH_HIGH = [_]f64{
    0x1.5555555555555p-1,
    0x1.999999999999ap-2,
    0x1.2492492492492p-2,
    0x1.c71c71c71c71cp-3,
    0x1.745d1745d1746p-3,
};

pub const ATANH_LOW = [_]f64{
    0x1.5555555555555p-55,
    -0x1.999999999999ap-56,
    0x1.2492492492492p-56,
    0x1.c71c71c71c71cp-57,
    -0x1.745d1745d1746p-58,
};

pub const ATANH_REST = [_]f64{
    0x1.3b13b13b13b14p-3,
    0x1.1111111111111p-3,
    0x1.e1e1e1e1e1e1ep-4,
    0x1.af286bca1af28p-4,
    0x1.8618618618618p-4,
    0x1.642c8590b2164p-4,
    0x1.47ae147ae147bp-4,
    0x1.2f684bda12f68p-4,
    0x1.1a7b9611a7b96p-4,
    0x1.0842108421084p-4,
    0x1.f07c1f07c1f08p-5,
    0x1.d41d41d41d41dp-5,
    0x1.bacf914c1bad0p-5,
    0x1.a41a41a41a41ap-5,
};

pub const MILLS = [_]f64{
    0x1.d9c9236d7c7b1p-1,
    -0x1.1c517460d069ap+0,
    0x1.214a05b109846p+0,
    -0x1.f1a43d3ee9440p-1,
    0x1.65ba8967957e1p-1,
    -0x1.a36a2c9de31f8p-2,
    0x1.7cc1d209c77f2p-3,
    -0x1.d3ee314aa2662p-5,
    0x1.6dc9ebba912bap-8,
    0x1.343c54f1e5899p-8,
    -0x1.3134af3a9329fp-9,
    0x1.efc4eea0af45ap-17,
    0x1.65faddc373572p-12,
    -0x1.24258562a9956p-14,
    -0x1.790f8f9f90e55p-15,
    0x1.20e44fcb7a014p-16,
    0x1.b73a8e55841c5p-18,
    -0x1.d59a9dd454335p-19,
    -0x1.39e31535128acp-20,
    0x1.6e4f79ff36d98p-21,
    0x1.07c936a15ec9cp-22,
    -0x1.1a95833f3f850p-23,
    -0x1.a021cfada408cp-25,
    0x1.97e0b60092dd5p-26,
    0x1.904ce7e23a2dap-28,
    -0x1.8cb4dd9ae58a4p-29,
};

pub const LOSS_P = [_]f64{
    0x1.220c07e6607d8p-1,
    0x1.c134ca8f91811p-1,
    0x1.5ee14af0772d1p-1,
    0x1.66ccea26dc8f2p-2,
    0x1.085350966cae6p-3,
    0x1.250738705fd01p-5,
    0x1.f195891d5e69cp-8,
    0x1.43884bfdb5bb2p-10,
    0x1.3c7929afcd008p-13,
    0x1.bdc8e741ac31bp-17,
    0x1.9a97c5673ba17p-21,
    0x1.7cf718369e116p-26,
};

pub const LOSS_Q = [_]f64{
    0x1.6b851eb851eb8p+0,
    0x1.fd4cf5f57ac8cp+1,
    0x1.5237b2b08ef57p+2,
    0x1.1a67839cd6ca5p+2,
    0x1.4b6d991cbd179p+1,
    0x1.214e4736b9acep+0,
    0x1.8381a639cfd32p-2,
    0x1.94764644ff3b2p-4,
    0x1.4a37fb2fb2873p-6,
    0x1.a289ebf177c91p-9,
    0x1.92abc2d3c59bbp-12,
    0x1.18c0c5c7bbb6bp-15,
    0x1.014d08cc03720p-19,
    0x1.dd78161f24231p-25,
};
