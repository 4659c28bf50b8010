import { run } from '../accuracy/command.mjs'
import { withoutPlaces } from './sources.mjs'

const LEVELS = ['-O0', '-O1', '-O2', '-O3', '-Os']
/** Other instruction sets are there to show that nothing is specific to one: two levels do. */
const FEW_LEVELS = ['-O2', '-Os']

/** The compilers of the set, C and C++, with the Debian packages that have them; `arch` is what they build for. */
export const COMPILERS = [
  { id: 'gcc', arch: 'x86-64', c: ['gcc'], cxx: ['g++'], objdump: 'objdump', levels: LEVELS, package: 'gcc g++' },
  { id: 'clang', arch: 'x86-64', c: ['clang'], cxx: ['clang++'], objdump: 'objdump', levels: LEVELS, package: 'clang' },
  {
    id: 'gcc -m32',
    arch: 'i386',
    // The kernel's headers are those of the other half of the machine, and only the package gcc-multilib says so.
    c: ['gcc', '-m32', '-idirafter', '/usr/include/x86_64-linux-gnu'],
    cxx: undefined,
    objdump: 'objdump',
    levels: FEW_LEVELS,
    package: 'gcc-12-multilib',
  },
  {
    id: 'aarch64 gcc',
    arch: 'aarch64',
    c: ['aarch64-linux-gnu-gcc'],
    cxx: undefined,
    objdump: 'aarch64-linux-gnu-objdump',
    levels: FEW_LEVELS,
    package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
  },
]

/** The compilers that work here, each with its `version`, and sentences about those that do not. */
export async function findCompilers(tryLink) {
  const found = []
  const missing = []
  for (const compiler of COMPILERS) {
    try {
      const version = (await run(compiler.c[0], ['--version'])).split('\n')[0].trim()
      // A compiler without the C library of its target starts and links nothing.
      await tryLink(compiler)
      found.push({ ...compiler, version })
    } catch (error) {
      missing.push(`${compiler.id} (${compiler.package}): ${withoutPlaces(error.message)}`)
    }
  }
  return { found, missing }
}
