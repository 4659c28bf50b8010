/**
 * Tables that published algorithms and formats define, computed from their definitions: whoever implements the algorithm
 * has them, so they say nothing about whose code it is. Names are those of `fingerprint-db/algorithm-constants.json`,
 * which a test compares with what is computed here.
 */
import { aesTables } from './algorithm-aes.ts'
import { crcTables } from './algorithm-crc.ts'
import { decimalTables } from './algorithm-decimal.ts'
import { deflateTables } from './algorithm-deflate.ts'

/** Elements in order; a table counts with each of the element sizes, in bytes, that implementations choose. */
export interface AlgorithmTable {
  readonly name: string
  readonly elements: readonly bigint[]
  readonly sizes: readonly (1 | 2 | 4 | 8)[]
}

/** A table of numbers. */
export function algorithmTable(
  name: string,
  elements: Iterable<bigint | number>,
  ...sizes: readonly (1 | 2 | 4 | 8)[]
): AlgorithmTable {
  return { name, elements: Array.from(elements, BigInt), sizes }
}

/** All tables that are computed. Takes some tens of milliseconds. */
export function algorithmTables(): readonly AlgorithmTable[] {
  return [
    ...hashTables(),
    ...aesTables(),
    ...crcTables(),
    ...deflateTables(),
    ...decimalTables(),
    ...byteTables(),
    ...alphabets(),
    ...numberTables(),
    ...blowfishTables(),
    ...mediaTables(),
  ]
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function primes(count: number): bigint[] {
  const found: bigint[] = []
  for (let n = 2n; found.length < count; n++) {
    let isPrime = true
    for (const p of found) {
      if (p * p > n) break
      if (n % p === 0n) isPrime = false
    }
    if (isPrime) found.push(n)
  }
  return found
}

/** The largest integer whose power is at most `value`. */
function root(value: bigint, power: bigint): bigint {
  let [low, high] = [0n, 1n]
  while (high ** power <= value) high <<= 1n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** power <= value) low = middle
    else high = middle
  }
  return low
}

/** The first bits behind the point of the roots of primes: FIPS 180-4, 4.2 and 5.3. */
function fractions(from: number, to: number, power: bigint, bits: bigint): bigint[] {
  return primes(to)
    .slice(from)
    .map((prime) => BigInt.asUintN(Number(bits), root(prime << (power * bits), power)))
}

function hashTables(): AlgorithmTable[] {
  const state384 = fractions(8, 16, 2n, 64n)
  return [
    algorithmTable('SHA-256 K', fractions(0, 64, 3n, 32n), 4, 8),
    algorithmTable('SHA-512 K', fractions(0, 80, 3n, 64n), 8),
    algorithmTable('SHA-256 initial state', fractions(0, 8, 2n, 32n), 4),
    algorithmTable('SHA-512 initial state', fractions(0, 8, 2n, 64n), 8),
    algorithmTable('SHA-384 initial state', state384, 8),
    algorithmTable(
      'SHA-224 initial state',
      state384.map((word) => word & 0xffff_ffffn),
      4,
    ),
    // RFC 1321, 3.4.
    algorithmTable(
      'MD5 T',
      range(64).map((i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32)),
      4,
      8,
    ),
    algorithmTable('Keccak round constants', keccakConstants(), 8),
  ]
}

/** FIPS 202, 3.2.5: bits of a shift register at the places 2^j - 1. */
function keccakConstants(): bigint[] {
  let register = 1
  return range(24).map(() => {
    let constant = 0n
    for (let j = 0; j < 7; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt((1 << j) - 1)
      register = ((register << 1) ^ ((register >> 7) * 0x171)) & 0xff
    }
    return constant
  })
}

function reversedBits(byte: number): number {
  let reversed = 0
  for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) reversed |= 0x80 >> bit
  return reversed
}

function byteTables(): AlgorithmTable[] {
  const bytes = range(256)
  const popcount = (byte: number): number => byte.toString(2).replaceAll('0', '').length
  const lower = bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte))
  const upper = bytes.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte))
  const deBruijn = range(32).map(() => 0)
  for (let bit = 0; bit < 32; bit++) deBruijn[Math.imul(1 << bit, 0x077c_b531) >>> 27] = bit
  return [
    algorithmTable('bit reversal of bytes', bytes.map(reversedBits), 1),
    algorithmTable('popcount of bytes', bytes.map(popcount), 1),
    algorithmTable('log2 of bytes', [0, ...bytes.slice(1).map((byte) => Math.floor(Math.log2(byte)))], 1),
    algorithmTable('identity permutation 0..255', bytes, 1, 2, 4),
    algorithmTable('C locale tolower table', lower, 1, 2, 4),
    algorithmTable('C locale toupper table', upper, 1, 2, 4),
    algorithmTable('De Bruijn bit position (0x077CB531)', deBruijn, 1, 4),
  ]
}

function alphabets(): AlgorithmTable[] {
  const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const small = capitals.toLowerCase()
  const digits = '0123456789'
  const base64 = `${capitals}${small}${digits}+/`
  const text = (name: string, spelled: string): AlgorithmTable =>
    algorithmTable(name, Buffer.from(spelled, 'latin1'), 1)
  const pairs = (alphabet: string): string => [...alphabet].flatMap((a) => [...alphabet].map((b) => a + b)).join('')
  const decode = (alphabet: string, filler: number): number[] =>
    range(256).map((byte) => {
      const at = alphabet.indexOf(String.fromCharCode(byte))
      return at < 0 ? filler : at
    })
  return [
    text('base64 alphabet', base64),
    text('base64url alphabet', `${capitals}${small}${digits}-_`),
    text('base32 alphabet', `${capitals}234567`),
    text('base32hex alphabet', `${digits}${capitals.slice(0, 22)}`),
    text('base58 alphabet (Bitcoin)', '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'),
    text('crypt(3) base64 alphabet', `./${digits}${capitals}${small}`),
    text('bcrypt base64 alphabet', `./${capitals}${small}${digits}`),
    text('base36 digits lower', digits + small),
    text('base62 digits', digits + capitals + small),
    text('base62 digits, small letters first', digits + small + capitals),
    text('Z85 alphabet', `${digits}${small}${capitals}.-:+=^!/*?&<>()[]{}@%$#`),
    text('decimal digit pairs 00..99', pairs(digits)),
    text('hex digit pairs lower', pairs(`${digits}abcdef`)),
    text('hex digit pairs upper', pairs(`${digits}ABCDEF`)),
    algorithmTable('base64 decode table (0xFF for invalid)', decode(base64, 0xff), 1, 4),
    algorithmTable('base64 decode table (64 for invalid)', decode(base64, 64), 1, 4),
    algorithmTable('hex decode table (0xFF for invalid)', decodeHex(0xff), 1),
    algorithmTable('hex decode table (0 for invalid)', decodeHex(0), 1),
  ]
}

function decodeHex(filler: number): number[] {
  return range(256).map((byte) => {
    const value = Number.parseInt(String.fromCharCode(byte), 16)
    return Number.isNaN(value) ? filler : value
  })
}

function numberTables(): AlgorithmTable[] {
  const doubles = range(23).map((power) => {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, 10 ** power)
    return view.getBigUint64(0)
  })
  return [
    algorithmTable(
      'powers of ten 32-bit',
      range(10).map((power) => 10 ** power),
      4,
    ),
    algorithmTable(
      'powers of ten 64-bit',
      range(20).map((power) => 10n ** BigInt(power)),
      8,
    ),
    algorithmTable('powers of ten double', doubles, 8),
    algorithmTable('small primes 8-bit', primes(54), 1),
    algorithmTable('small primes 16-bit', primes(2048), 2, 4),
  ]
}

/** Bits of pi behind the point, by Machin's formula. */
function piFraction(bits: bigint): bigint {
  const guard = 32n
  const one = 1n << (bits + guard)
  const arctan = (inverse: bigint): bigint => {
    const square = inverse * inverse
    let term = one / inverse
    let sum = term
    for (let n = 3n, isAdded = false; term > 0n; n += 2n, isAdded = !isAdded) {
      term /= square
      if (isAdded) sum += term / n
      else sum -= term / n
    }
    return sum
  }
  return BigInt.asUintN(Number(bits), (4n * (4n * arctan(5n) - arctan(239n))) >> guard)
}

function blowfishTables(): AlgorithmTable[] {
  const words = 18 + 4 * 256
  const pi = piFraction(BigInt(32 * words))
  const all = range(words).map((i) => BigInt.asUintN(32, pi >> BigInt(32 * (words - 1 - i))))
  return [
    algorithmTable('Blowfish P-array', all.slice(0, 18), 4),
    algorithmTable('Blowfish S-box 0', all.slice(18), 4),
    algorithmTable('Blowfish S-box 1', all.slice(18 + 256, 18 + 512), 4),
    algorithmTable('Blowfish S-box 2', all.slice(18 + 512, 18 + 768), 4),
    algorithmTable('Blowfish S-box 3', all.slice(18 + 768), 4),
  ]
}

function mediaTables(): AlgorithmTable[] {
  // Diagonal by diagonal, turning at the edges (ITU-T T.81, figure A.6).
  const natural: number[] = []
  for (let sum = 0; sum < 15; sum++)
    for (let i = 0; i <= sum; i++) {
      const [row, column] = sum % 2 === 0 ? [sum - i, i] : [i, sum - i]
      if (row < 8 && column < 8) natural.push(8 * row + column)
    }
  const zigzag = range(64).map((place) => natural.indexOf(place))
  // ITU-T G.711, as the usual decoders of 16 bits compute it.
  const muLaw = range(256).map((byte) => {
    const code = ~byte & 0xff
    const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return (code & 0x80) !== 0 ? -magnitude : magnitude
  })
  const aLaw = range(256).map((byte) => {
    const code = byte ^ 0x55
    const segment = (code & 0x70) >> 4
    const step = ((code & 0x0f) << 4) + 8
    const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1)
    return (code & 0x80) !== 0 ? magnitude : -magnitude
  })
  return [
    algorithmTable('zigzag to natural order 8x8 (bytes)', natural, 1, 2, 4),
    algorithmTable('natural to zigzag order 8x8 (bytes)', zigzag, 1, 2, 4),
    // Decoders of JPEG repeat the last entry, so that damaged files stay within the block.
    algorithmTable('zigzag to natural order with 16 entries more', [...natural, ...range(16).map(() => 63)], 1, 2, 4),
    algorithmTable('mu-law decode table 16-bit', muLaw, 2),
    algorithmTable('A-law decode table 16-bit', aLaw, 2),
  ]
}
