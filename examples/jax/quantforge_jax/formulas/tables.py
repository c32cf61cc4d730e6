"""Constants of QuantForge's numerical specification; coefficients in ascending order."""

# 1/ln 2
LOG2E = float.fromhex("0x1.71547652b82fep+0")

# ln 2 to 40 bits: n LN2_HI is exact for |n| <= 2^13
LN2_HI = float.fromhex("0x1.62e42fefa4000p-1")

# ln 2 - LN2_HI
LN2_LO = float.fromhex("-0x1.8432a1b0e2634p-43")

# 1/sqrt(2 pi)
INV_SQRT_2PI = float.fromhex("0x1.9884533d43651p-2")

# the least argument of the Mills ratio
MILLS_FROM = float.fromhex("-0x1.0000000000000p-1")

# its y is (x - MILLS_ZERO) / (x + MILLS_SHIFT)
MILLS_SHIFT = float.fromhex("0x1.6000000000000p+2")

# where its y is 0
MILLS_ZERO = float.fromhex("0x1.e000000000000p+1")

# MILLS_SHIFT + MILLS_ZERO
MILLS_SPAN = float.fromhex("0x1.2800000000000p+3")

# g(r) of e^r = 1 + r + r^2 g(r):
# relative error of e^r at most 3.9e-18 for |r| <= 0.3465739
EXP = (
    float.fromhex("0x1.000000000000ap-1"),  # 0.5000000000000011
    float.fromhex("0x1.55555555554fdp-3"),  # 0.16666666666666421
    float.fromhex("0x1.55555555506b6p-5"),  # 0.041666666666527005
    float.fromhex("0x1.1111111126e66p-7"),  # 0.008333333333488468
    float.fromhex("0x1.6c16c184786ccp-10"),  # 0.0013888888944326048
    float.fromhex("0x1.a01a012f06879p-13"),  # 0.0001984126951988829
    float.fromhex("0x1.a019995bd65b5p-16"),  # 2.480149247161496e-05
    float.fromhex("0x1.71df1ab4e8335p-19"),  # 2.7557574306533863e-06
    float.fromhex("0x1.28adfee8b0d54p-22"),  # 2.763044748938378e-07
    float.fromhex("0x1.ad9060bf57371p-26"),  # 2.5003914270115987e-08
)

# q(u) of p(u) = 2/3 + u q(u):
# relative error of p at most 3.9e-19 for |s| <= 0.2000001
ATANH_NEXT = (
    float.fromhex("0x1.999999999998ep-2"),  # 0.39999999999999936
    float.fromhex("0x1.24924924948c4p-2"),  # 0.28571428571480006
    float.fromhex("0x1.c71c71c243ed1p-3"),  # 0.2222222220811916
    float.fromhex("0x1.745d19c922495p-3"),  # 0.18181820054113432
    float.fromhex("0x1.3b12f8c5adaa2p-3"),  # 0.15384477952257664
    float.fromhex("0x1.112fcfed4717ep-3"),  # 0.13339197581161594
    float.fromhex("0x1.dbf8d261cd62ep-4"),  # 0.11620409183964206
    float.fromhex("0x1.fc2198edcd5c2p-4"),  # 0.12405547845704404
)

# p(u) to 2^-91: the first coefficients
ATANH_HIGH = (
    float.fromhex("0x1.5555555555555p-1"),  # 0.6666666666666666
    float.fromhex("0x1.999999999999ap-2"),  # 0.4
    float.fromhex("0x1.2492492492492p-2"),  # 0.2857142857142857
    float.fromhex("0x1.c71c71c71c71cp-3"),  # 0.2222222222222222
    float.fromhex("0x1.745d1745d1746p-3"),  # 0.18181818181818182
)

# what rounding took from them
ATANH_LOW = (
    float.fromhex("0x1.5555555555555p-55"),  # 3.700743415417188e-17
    float.fromhex("-0x1.999999999999ap-56"),  # -2.2204460492503132e-17
    float.fromhex("0x1.2492492492492p-56"),  # 1.586032892321652e-17
    float.fromhex("0x1.c71c71c71c71cp-57"),  # 1.2335811384723961e-17
    float.fromhex("-0x1.745d1745d1746p-58"),  # -5.046468293750712e-18
)

# those after them
ATANH_REST = (
    float.fromhex("0x1.3b13b13b13b14p-3"),  # 0.15384615384615385
    float.fromhex("0x1.1111111111111p-3"),  # 0.13333333333333333
    float.fromhex("0x1.e1e1e1e1e1e1ep-4"),  # 0.11764705882352941
    float.fromhex("0x1.af286bca1af28p-4"),  # 0.10526315789473684
    float.fromhex("0x1.8618618618618p-4"),  # 0.09523809523809523
    float.fromhex("0x1.642c8590b2164p-4"),  # 0.08695652173913043
    float.fromhex("0x1.47ae147ae147bp-4"),  # 0.08
    float.fromhex("0x1.2f684bda12f68p-4"),  # 0.07407407407407407
    float.fromhex("0x1.1a7b9611a7b96p-4"),  # 0.06896551724137931
    float.fromhex("0x1.0842108421084p-4"),  # 0.06451612903225806
    float.fromhex("0x1.f07c1f07c1f08p-5"),  # 0.06060606060606061
    float.fromhex("0x1.d41d41d41d41dp-5"),  # 0.05714285714285714
    float.fromhex("0x1.bacf914c1bad0p-5"),  # 0.05405405405405406
    float.fromhex("0x1.a41a41a41a41ap-5"),  # 0.05128205128205128
)

# y = (x - MILLS_ZERO) / (x + MILLS_SHIFT), for MILLS_FROM <= x:
# relative error of M, of M' and of any difference of M at most 6.8e-17
MILLS = (
    float.fromhex("0x1.d9c9236d7c7b1p-1"),  # 0.9253626891279422
    float.fromhex("-0x1.1c517460d069ap+0"),  # -1.1106178985941484
    float.fromhex("0x1.214a05b109846p+0"),  # 1.1300357396335285
    float.fromhex("-0x1.f1a43d3ee9440p-1"),  # -0.9719561709686175
    float.fromhex("0x1.65ba8967957e1p-1"),  # 0.698688787359739
    float.fromhex("-0x1.a36a2c9de31f8p-2"),  # -0.40958471025149334
    float.fromhex("0x1.7cc1d209c77f2p-3"),  # 0.18591655819267278
    float.fromhex("-0x1.d3ee314aa2662p-5"),  # -0.057120414993801175
    float.fromhex("0x1.6dc9ebba912bap-8"),  # 0.005581493426295376
    float.fromhex("0x1.343c54f1e5899p-8"),  # 0.004703303087714294
    float.fromhex("-0x1.3134af3a9329fp-9"),  # -0.0023285354521134917
    float.fromhex("0x1.efc4eea0af45ap-17"),  # 1.4775075500290058e-05
    float.fromhex("0x1.65faddc373572p-12"),  # 0.0003413962806149896
    float.fromhex("-0x1.24258562a9956p-14"),  # -6.96531692861759e-05
    float.fromhex("-0x1.790f8f9f90e55p-15"),  # -4.494914832922347e-05
    float.fromhex("0x1.20e44fcb7a014p-16"),  # 1.7219295655041057e-05
    float.fromhex("0x1.b73a8e55841c5p-18"),  # 6.5450181714475315e-06
    float.fromhex("-0x1.d59a9dd454335p-19"),  # -3.4988222329741116e-06
    float.fromhex("-0x1.39e31535128acp-20"),  # -1.1693203536716611e-06
    float.fromhex("0x1.6e4f79ff36d98p-21"),  # 6.823063926313662e-07
    float.fromhex("0x1.07c936a15ec9cp-22"),  # 2.4566984720810014e-07
    float.fromhex("-0x1.1a95833f3f850p-23"),  # -1.3158844500838271e-07
    float.fromhex("-0x1.a021cfada408cp-25"),  # -4.844414945332469e-08
    float.fromhex("0x1.97e0b60092dd5p-26"),  # 2.374161134554329e-08
    float.fromhex("0x1.904ce7e23a2dap-28"),  # 5.825137679704768e-09
    float.fromhex("-0x1.8cb4dd9ae58a4p-29"),  # -2.8864197260186634e-09
)

# numerator of -M'(x) = 1/sqrt(2 pi) - x M(x), all coefficients positive:
# relative error at most 6.8e-17 for 0 <= x
LOSS_P = (
    float.fromhex("0x1.220c07e6607d8p-1"),  # 0.5664980381700344
    float.fromhex("0x1.c134ca8f91811p-1"),  # 0.877355890298306
    float.fromhex("0x1.5ee14af0772d1p-1"),  # 0.6853125971352602
    float.fromhex("0x1.66ccea26dc8f2p-2"),  # 0.3503910623759473
    float.fromhex("0x1.085350966cae6p-3"),  # 0.12906516036090138
    float.fromhex("0x1.250738705fd01p-5"),  # 0.035770044548366194
    float.fromhex("0x1.f195891d5e69cp-8"),  # 0.007592531180642983
    float.fromhex("0x1.43884bfdb5bb2p-10"),  # 0.0012341781979807562
    float.fromhex("0x1.3c7929afcd008p-13"),  # 0.00015090622536606557
    float.fromhex("0x1.bdc8e741ac31bp-17"),  # 1.3285421690185887e-05
    float.fromhex("0x1.9a97c5673ba17p-21"),  # 7.647887913223497e-07
    float.fromhex("0x1.7cf718369e116p-26"),  # 2.217509395072652e-08
)

# its denominator
LOSS_Q = (
    float.fromhex("0x1.6b851eb851eb8p+0"),  # 1.42
    float.fromhex("0x1.fd4cf5f57ac8cp+1"),  # 3.9789111565237985
    float.fromhex("0x1.5237b2b08ef57p+2"),  # 5.284649536533684
    float.fromhex("0x1.1a67839cd6ca5p+2"),  # 4.412567999995336
    float.fromhex("0x1.4b6d991cbd179p+1"),  # 2.5892821684193987
    float.fromhex("0x1.214e4736b9acep+0"),  # 1.1301006802183795
    float.fromhex("0x1.8381a639cfd32p-2"),  # 0.37842426040511434
    float.fromhex("0x1.94764644ff3b2p-4"),  # 0.09874560784369527
    float.fromhex("0x1.4a37fb2fb2873p-6"),  # 0.020154948519838855
    float.fromhex("0x1.a289ebf177c91p-9"),  # 0.0031931972996371368
    float.fromhex("0x1.92abc2d3c59bbp-12"),  # 0.000384016934945743
    float.fromhex("0x1.18c0c5c7bbb6bp-15"),  # 3.346836780148448e-05
    float.fromhex("0x1.014d08cc03720p-19"),  # 1.9170412084494696e-06
    float.fromhex("0x1.dd78161f24231p-25"),  # 5.5584717489489954e-08
)

# numerator of M(x) over the same denominator, all coefficients positive:
# relative error at most 3.7e-17 for 0 <= x
TAIL_P = (
    float.fromhex("0x1.6b851eb851eb8p-1"),  # 0.71
    float.fromhex("0x1.6c46f2024a89ap+0"),  # 1.4229575400918635
    float.fromhex("0x1.68f3b86b40b9dp+0"),  # 1.4099688779685728
    float.fromhex("0x1.cecd2826fe10cp-1"),  # 0.9039089725111196
    float.fromhex("0x1.a90964df80f86p-2"),  # 0.4150748979011428
    float.fromhex("0x1.25a2ca99e412cp-3"),  # 0.1433769062246112
    float.fromhex("0x1.389a85debd15fp-5"),  # 0.03815961977480486
    float.fromhex("0x1.02880fa19bcdbp-7"),  # 0.00788975489851256
    float.fromhex("0x1.4a7681d02c925p-10"),  # 0.0012606159907986938
    float.fromhex("0x1.3fae593a9b683p-13"),  # 0.0001524358029487035
    float.fromhex("0x1.bf45de59e2cf4p-17"),  # 1.3329771878087326e-05
    float.fromhex("0x1.9a97c5673ba19p-21"),  # 7.647887913223499e-07
    float.fromhex("0x1.7cf718369e116p-26"),  # 2.217509395072652e-08
)
