/**
 * Compares the kernel's instruction lengths with objdump's, instruction by instruction.
 *
 *     node bench/oracle/decoder-lengths.mjs [program ...]
 *
 * Without arguments: the libc and libcrypto of this system that are x86. Lines that objdump itself calls bad are left out; so are
 * those where a prefix stands alone, which is how objdump shows data.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const LIBRARIES = ['libc.so.6', 'libcrypto.so.3'].flatMap((name) =>
  ['/lib/x86_64-linux-gnu', '/lib/i386-linux-gnu', '/lib64', '/lib32', '/lib'].map((folder) => `${folder}/${name}`),
)
const SHOWN = 10

const wasm = readFileSync(new URL('../../src/fingerprint/kernel/kernel.wasm', import.meta.url))
const { memory, heapStart, x86Length } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports
const at = heapStart.value
const window = new Uint8Array(memory.buffer, at, 32)
const LINE = /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(.*)$/
const DATA = /^(?:\(bad\)|\.byte|(?:data16|addr32|rex\S*|lock|repn?z|repnz|[c-g]s|bnd|notrack|ss)\s*$)|\(bad\)/

/** Whether what objdump shows as one line is an instruction. */
function isInstruction(text) {
  return text !== '' && !DATA.test(text)
}

async function compare(file) {
  const objdump = spawn('objdump', ['-d', '-w', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let long = true
  let total = 0
  const wrong = []
  for await (const line of createInterface({ input: objdump.stdout })) {
    if (line.includes('file format')) long = !/elf32-i386|pe-i386|pei-i386/.test(line)
    const parts = LINE.exec(line)
    if (parts === null || !isInstruction(parts[3])) continue
    const bytes = parts[2].trim().split(' ')
    window.fill(0x90)
    bytes.forEach((byte, i) => {
      window[i] = Number.parseInt(byte, 16)
    })
    total++
    const length = x86Length(at, long)
    if (length !== bytes.length) wrong.push(`${line.trim()}  (here ${length})`)
  }
  const share = total === 0 ? 0 : (100 * (total - wrong.length)) / total
  console.log(`${file}: ${total} instructions, ${wrong.length} differ, ${share.toFixed(4)} % agree`)
  for (const line of wrong.slice(0, SHOWN)) console.log(`    ${line}`)
}

const files = process.argv.slice(2)
for (const file of files.length > 0 ? files : LIBRARIES.filter((path) => existsSync(path))) await compare(file)
