/**
 * How the programs are linked. The library is the distribution's whatever compiler the program around it has, so what differs
 * is what a linker makes of it: relocated or not, whole objects or only what is reached, another instruction set.
 *
 * `arch` is Debian's, `cc` the compiler that links, `nm` the tool that reads archives of that architecture.
 */
export const VARIANTS = [
  variant('amd64 pie', 'amd64', ['gcc', '-O2']),
  variant('amd64 static', 'amd64', ['gcc', '-O0', '-static']),
  variant('amd64 static-pie gc', 'amd64', ['gcc', '-Os', '-static-pie', '-Wl,--gc-sections']),
  variant('amd64 clang lld gc', 'amd64', ['clang', '-O3', '-fuse-ld=lld', '-Wl,--gc-sections']),
  variant('i386 pie', 'i386', ['gcc', '-m32', '-O2', '-idirafter', '/usr/include/x86_64-linux-gnu']),
  variant('arm64 pie', 'arm64', ['aarch64-linux-gnu-gcc', '-O2']),
  variant('armhf pie', 'armhf', ['arm-linux-gnueabihf-gcc', '-O2']),
  { ...variant('mingw', 'mingw', ['x86_64-w64-mingw32-gcc', '-O2']), libraries: 'windows' },
]

/** Debian packages with the compilers. */
export const COMPILERS =
  'gcc clang lld gcc-12-multilib gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-mingw-w64-x86-64'

function variant(id, arch, cc) {
  return { id, arch, cc, libraries: 'debian' }
}
