/** Tables that reading and printing of decimal numbers needs, whoever does it. */
import { type AlgorithmTable, algorithmTable } from './algorithm-tables.ts'

/** The largest power of ten that is a double. */
const LARGEST_EXPONENT = 308
/** Cached powers as implementations of Grisu space them: IEEE doubles need one in eight, from 10^-300 on. */
const GRISU_FIRST = -300
const GRISU_STEP = 8
const GRISU_COUNT = 79

/** @see Loitsch, "Printing floating-point numbers quickly and accurately with integers", PLDI 2010, for cached powers */
export function decimalTables(): AlgorithmTable[] {
  const exponents = Array.from({ length: LARGEST_EXPONENT + 1 }, (_, exponent) => exponent)
  const cached = Array.from({ length: GRISU_COUNT }, (_, i) => GRISU_FIRST + i * GRISU_STEP)
  return [
    algorithmTable(
      'powers of ten (double)',
      exponents.map((exponent) => doubleBits(Number(`1e${exponent}`))),
      8,
    ),
    // A struct of the significand, 64 bits, and of two exponents, binary and decimal.
    algorithmTable('Grisu cached powers (u64, i32, i32)', cached.flatMap(grisuEntry), 8),
  ]
}

function doubleBits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0)
}

function grisuEntry(exponent: number): bigint[] {
  const { significand, binary } = normalised(exponent)
  return [significand, (BigInt.asUintN(32, BigInt(exponent)) << 32n) | BigInt.asUintN(32, BigInt(binary))]
}

/** 10^exponent as significand · 2^binary, rounded to a significand of 64 bits. */
function normalised(exponent: number): { significand: bigint; binary: number } {
  const power = 10n ** BigInt(Math.abs(exponent))
  const bits = power.toString(2).length
  let binary = exponent >= 0 ? bits - 64 : -bits - 63
  for (;;) {
    const [top, bottom] = exponent >= 0 ? [power, 1n] : [1n, power]
    const [scaled, unit] = binary >= 0 ? [top, bottom << BigInt(binary)] : [top << BigInt(-binary), bottom]
    const significand = (2n * scaled + unit) / (2n * unit)
    if (significand >> 64n === 0n && significand >> 63n === 1n) return { significand, binary }
    binary += significand >> 64n === 0n ? -1 : 1
  }
}
