/** What binutils say about real and freshly compiled files is what we say. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAr } from '../../src/archive/ar.ts'
import { type Program, SymbolFlag } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource, fileSource, sliceSource } from '../../src/bytes/source.ts'
import { compile, hasCompiler, hasProgram, run, type Target, workDirectory } from '../fixtures/compile.ts'

const hasBinutils = ['readelf', 'nm', 'strip', 'ar'].every(hasProgram)
const work = workDirectory()
afterAll(work.remove)

function readFile(path: string): Program {
  const source = fileSource(path)
  try {
    return readProgram(source)
  } finally {
    source.close()
  }
}

/** `readelf -SW`: number, name, type, address, offset, size. */
function readelfSections(path: string): (readonly [string, number, number, number])[] {
  const line = /^\s*\[\s*\d+\]\s(\S*)\s+(\S+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s/
  return run('readelf', '-SW', path)
    .split('\n')
    .flatMap((text) => {
      const [, name = '', type, address = '', offset = '', size = ''] = line.exec(text) ?? []
      if (type === undefined || type === 'NULL') return []
      const hex = (digits: string) => Number.parseInt(digits, 16)
      return [[name, hex(address), hex(offset), type === 'NOBITS' ? 0 : hex(size)] as const]
    })
}

/** `readelf --syms`: the symbols of one table, without section, file and nameless ones. */
function readelfSymbols(path: string, table: '.symtab' | '.dynsym'): string[] {
  const text = run('readelf', '-sW', path)
  const part = text.split(/\n(?=Symbol table )/).find((block) => block.includes(`'${table}'`)) ?? ''
  return part.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [number = '', value = '', , type = '', bind, , index = '', name] = fields
    if (!/^\d+:$/.test(number) || name === undefined || type === 'SECTION' || type === 'FILE') return []
    const bare = (name[0] ?? '') + name.slice(1).replace(/@.*/, '')
    return [`${bare} ${index === 'UND' ? 0 : Number.parseInt(value, 16)} ${index} ${bind}`]
  })
}

function ownSymbols({ symbols }: Program, wanted: (flags: number) => boolean): string[] {
  return Array.from({ length: symbols.count }, (_, i) => i)
    .filter((i) => wanted(symbols.flags[i]!))
    .map((i) => `${symbols.name(i)} ${symbols.addresses[i]}`)
}

const nameAndAddress = (line: string) => line.split(' ').slice(0, 2).join(' ')
const sortedSet = (lines: readonly string[]) => [...new Set(lines)].sort()

const SYSTEM_FILES = [
  '/bin/ls',
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/lib/x86_64-linux-gnu/libz.so.1',
  '/usr/lib/x86_64-linux-gnu/libcrypto.so.3',
  '/usr/lib/aarch64-linux-gnu/libc.so.6',
].filter(existsSync)

const compiled: string[] = []
beforeAll(() => {
  for (const target of ['host', 'aarch64'] as const satisfies readonly Target[]) {
    if (!hasCompiler(target)) continue
    compiled.push(compile(target, 'greet.c', join(work.path, `${target}.exe`), ['-rdynamic']))
    compiled.push(
      compile(target, 'greet.c', join(work.path, `${target}.so`), ['-shared', '-fPIC', '-Wl,-soname,libgreet.so.1']),
    )
    compiled.push(compile(target, 'greet.c', join(work.path, `${target}.o`), ['-c']))
  }
})

/** One test per file would hide the compiled ones, which exist only once the tests run. */
function files(): string[] {
  return [...SYSTEM_FILES, ...compiled]
}

describe.skipIf(!hasBinutils)('against readelf', () => {
  test('sections have its names, addresses, offsets and sizes', () => {
    for (const path of files()) {
      const own = readFile(path).sections.map(({ name, address, offset, size }) => [name, address, offset, size])
      expect(own, path).toEqual(readelfSections(path))
    }
  })

  test('sections of mergeable strings are those with its flags M and S', () => {
    for (const path of files()) {
      const flagged = [
        ...run('readelf', '-SW', path).matchAll(/^\s*\[\s*\d+\]\s(\S*)\s.*\s[WAX]*MS[A-Z]*\s+\d+\s+\d+\s+\d+$/gm),
      ]
      const own = readFile(path).sections.filter((section) => section.mergeableStrings)
      expect(
        own.map(({ name }) => name),
        path,
      ).toEqual(flagged.map((match) => match[1]))
    }
    expect(compiled.some((path) => readFile(path).sections.some((section) => section.mergeableStrings))).toBe(true)
  })

  test('dynamic symbols have its names, addresses and import state', () => {
    for (const path of files()) {
      const truth = readelfSymbols(path, '.dynsym')
      const program = readFile(path)
      const isImport = (line: string) => line.split(' ')[2] === 'UND'
      if (truth.length > 0)
        expect(sortedSet(program.imports.map(({ name }) => `${name} 0`)), path).toEqual(
          sortedSet(truth.filter(isImport).map(nameAndAddress)),
        )
      const exported = ownSymbols(program, (flags) => (flags & SymbolFlag.Exported) !== 0)
      const visible = truth.filter((line) => !isImport(line)).map(nameAndAddress)
      expect(sortedSet(exported), path).toEqual(sortedSet(visible))
    }
  })

  test('the full symbol table is listed in its order', () => {
    for (const path of compiled) {
      const truth = readelfSymbols(path, '.symtab').map(nameAndAddress)
      expect(truth.length).toBeGreaterThan(3)
      expect(ownSymbols(readFile(path), () => true).slice(0, truth.length), path).toEqual(truth)
    }
  })

  test('names of the dynamic section and the build-id are its', () => {
    for (const path of files()) {
      const program = readFile(path)
      const dynamic = run('readelf', '-dW', path)
      const named = (what: string) => [...dynamic.matchAll(new RegExp(`${what}.*\\[(.*)\\]`, 'g'))].map((m) => m[1]!)
      expect(program.needed, path).toEqual(named('Shared library:'))
      expect(program.soname, path).toBe(named('Library soname:')[0] ?? null)
      expect(program.buildId, path).toBe(/Build ID: (\w+)/.exec(run('readelf', '-nW', path))?.[1] ?? null)
    }
  })
})

describe.skipIf(!hasCompiler('host') || !hasBinutils)('a compiled program', () => {
  test('is an executable although its type says shared, while a library with a SONAME is not', () => {
    expect(readFile(join(work.path, 'host.exe')).kind).toBe('executable')
    expect(readFile(join(work.path, 'host.so'))).toMatchObject({ kind: 'shared', soname: 'libgreet.so.1' })
    expect(readFile(join(work.path, 'host.o')).kind).toBe('object')
  })

  test('lists a symbol that both tables hold once, as exported', () => {
    const { symbols } = readFile(join(work.path, 'host.exe'))
    const indexes = Array.from({ length: symbols.count }, (_, i) => i)
    const named = (name: string) => indexes.filter((i) => symbols.name(i) === name)
    expect(named('greet')).toHaveLength(1)
    expect(symbols.flags[named('greet')[0]!]! & SymbolFlag.Exported).not.toBe(0)
    expect(symbols.flags[named('hidden_sum')[0]!]! & SymbolFlag.Exported).toBe(0)
  })

  test('is stripped after strip, and still has its dynamic symbols', () => {
    const path = join(work.path, 'stripped.so')
    run('strip', '-o', path, join(work.path, 'host.so'))
    const program = readFile(path)
    expect(program.stripped).toBe(true)
    expect(ownSymbols(program, (flags) => (flags & SymbolFlag.Exported) !== 0).join(' ')).toContain('greet_version')
  })

  test('without section headers has the same dynamic symbols, found as the loader does', () => {
    const path = join(work.path, 'host.so')
    const bare = Uint8Array.from(readFileSync(path))
    // What sstrip does, as far as readers see: offset, count and name index of the section table become zero.
    bare.fill(0, 0x28, 0x30).fill(0, 0x3c, 0x40)
    const program = readProgram(bytesSource(bare))
    expect(program).toMatchObject({ stripped: true, damage: [], soname: 'libgreet.so.1' })
    expect(program.imports).toEqual(readFile(path).imports)
    const exported = (from: Program) => ownSymbols(from, (flags) => (flags & SymbolFlag.Exported) !== 0).sort()
    expect(exported(program)).toEqual(exported(readFile(path)))
  })

  test('in a static library is read member by member', () => {
    const library = join(work.path, 'libgreet.a')
    run('ar', 'rcs', library, join(work.path, 'host.o'))
    const source = fileSource(library)
    const [member] = readAr(source)
    expect(member?.name).toBe('host.o')
    const program = readProgram(sliceSource(source, member!.offset, member!.size))
    expect(ownSymbols(program, () => true).join(' ')).toContain('hidden_sum')
    source.close()
  })
})

describe.skipIf(!hasCompiler('windows'))('against objdump and nm of mingw', () => {
  const prefix = 'x86_64-w64-mingw32-'
  const paths: Record<string, string> = {}
  beforeAll(() => {
    paths['exe'] = compile('windows', 'greet.c', join(work.path, 'greet.exe'))
    paths['dll'] = compile('windows', 'greet.c', join(work.path, 'greet.dll'), ['-shared'])
    paths['obj'] = compile('windows', 'greet.c', join(work.path, 'greet.obj'), ['-c'])
  })

  test.each(['exe', 'dll', 'obj'])('sections of the %s have its names, addresses and offsets', (kind) => {
    const line = /^\s+\d+ (\S+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)/gm
    const truth = [...run(`${prefix}objdump`, '-hw', paths[kind]!).matchAll(line)].map((m) => [
      m[1],
      Number.parseInt(m[3]!, 16),
      Number.parseInt(m[2]!, 16),
    ])
    const own = readFile(paths[kind]!).sections.map(({ name, address, size, role }) => [name, address, size, role])
    // objdump shows the memory size of sections without bytes.
    expect(
      own.map(([name, address, size, role], i) => [name, address, role === 'empty' ? truth[i]?.[2] : size]),
    ).toEqual(truth)
  })

  test.each(['exe', 'dll', 'obj'])('symbols of the %s are its', (kind) => {
    const truth = run(`${prefix}nm`, paths[kind]!)
      .split('\n')
      .flatMap((line) => {
        const [, address, type = '', name = ''] = /^([0-9a-f]*)\s+(\S) (.*)$/.exec(line) ?? []
        if (name === '' || address === undefined || name.startsWith('.')) return []
        return [`${name} ${address === '' ? 0 : BigInt(`0x${address}`)} ${type === 'U' ? 'import' : 'defined'}`]
      })
    const { symbols } = readFile(paths[kind]!)
    const own = Array.from({ length: symbols.count }, (_, i) => {
      const state = (symbols.flags[i]! & SymbolFlag.Defined) === 0 ? 'import' : 'defined'
      return `${symbols.name(i)} ${symbols.addresses[i]} ${state}`
    }).filter((line) => !line.startsWith('.'))
    expect(sortedSet(own)).toEqual(sortedSet(truth))
  })

  test('imports and exports of the dll are its', () => {
    const text = run(`${prefix}objdump`, '-p', paths['dll']!)
    const program = readFile(paths['dll']!)
    expect(program.needed).toEqual([...text.matchAll(/DLL Name: (\S+)/g)].map((m) => m[1]))
    const imported = [...text.matchAll(/^\t[0-9a-f]+\s+\d+\s+(\S+)\s*$/gm)].map((m) => m[1])
    expect(program.imports.map(({ name }) => name)).toEqual(imported)
    const exported = ownSymbols(program, (flags) => (flags & SymbolFlag.Exported) !== 0)
    expect(exported.map((line) => line.split(' ')[0]).sort()).toEqual(
      ['greet', 'greet_count', 'greet_version', 'greet_weak'].filter((name) => text.includes(`] ${name}`)),
    )
  })
})
