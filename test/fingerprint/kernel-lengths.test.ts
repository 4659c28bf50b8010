import { afterAll, expect, test } from 'vitest'
import { Kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { compile, hasCompiler, hasProgram, run, workDirectory } from '../fixtures/compile.ts'

const directory = workDirectory()
afterAll(directory.remove)

const LINE = /^\s*[0-9a-f]+:\t((?:[0-9a-f]{2} )+)\s*\t(.+)$/gm

/** The bytes of each instruction as objdump has them. */
function instructions(object: string): string[] {
  const lines = run('objdump', '-d', '-w', object).matchAll(LINE)
  return [...lines].filter(([, , text = '']) => !text.includes('(bad)')).map(([, bytes = '']) => bytes.trim())
}

const settings: readonly (readonly [string, readonly string[]])[] = [
  ['no optimisation', ['-O0']],
  ['vectors of SSE', ['-O3']],
  ['vectors of AVX2', ['-O3', '-mavx2', '-mfma', '-mbmi2']],
  ['vectors of AVX-512', ['-O3', '-march=skylake-avx512', '-mprefer-vector-width=512']],
  ['a large code model', ['-O2', '-mcmodel=large', '-fPIC']],
  ['XOP', ['-O3', '-march=bdver2']],
  ['i386', ['-O2', '-m32', '-ffreestanding']],
  ['i386 and x87', ['-O2', '-m32', '-mfpmath=387', '-fPIC', '-ffreestanding']],
]

test.skipIf(!hasCompiler('host') || !hasProgram('objdump') || process.arch !== 'x64').each(settings)(
  'instructions have the length that objdump says, compiled for %s',
  (_, flags) => {
    const object = compile('host', 'arithmetic.c', `${directory.path}/${flags.join('')}.o`, ['-c', ...flags])
    const kernel = new Kernel()
    const at = kernel.reserve(64)
    const window = kernel.bytes(at, 64)
    const long = !flags.includes('-m32')
    const wrong = instructions(object).filter((hex) => {
      const bytes = hex.split(' ').map((digits) => Number.parseInt(digits, 16))
      window.fill(0x90)
      window.set(bytes)
      return kernel.exports.x86Length(at, long) !== bytes.length
    })
    expect(instructions(object).length).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  },
)
