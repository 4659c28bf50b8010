import { expect, test } from 'vitest'
import { joinOwners } from '../../../src/image/owners/join-owners.ts'
import type { InstalledPackage, PackageFacts } from '../../../src/image/owners/package-facts.ts'

function deb(name: string, architecture = 'amd64'): InstalledPackage {
  return { kind: 'deb', name, version: '1', architecture, source: name, sourceVersion: '1' }
}

const asItIs = (path: string): string => path

function list(name: string, ...paths: string[]): PackageFacts {
  return { kind: 'dpkg-list', package: name, paths }
}

test('lists belong to packages by name, and by architecture where they say one, in any order of the facts', () => {
  const status: PackageFacts = { kind: 'dpkg-status', packages: [deb('libc6'), deb('libc6', 'i386'), deb('dash')] }
  const lists = [list('libc6:amd64', 'lib/a'), list('libc6:i386', 'lib/b'), list('dash', 'bin/dash'), list('gone', 'x')]
  for (const facts of [
    [status, ...lists],
    [...lists, status],
  ]) {
    const { ownerOf, packages } = joinOwners(facts, asItIs)
    expect(packages).toHaveLength(3)
    expect([ownerOf('lib/a'), ownerOf('lib/b'), ownerOf('bin/dash')]).toEqual([
      deb('libc6'),
      deb('libc6', 'i386'),
      deb('dash'),
    ])
    expect(ownerOf('x')).toBeUndefined()
    expect(ownerOf('lib')).toBeUndefined()
  }
})

test('paths are those behind links, and what is not there has no owner', () => {
  const facts: PackageFacts[] = [
    { kind: 'dpkg-status', packages: [deb('libc6')] },
    list('libc6', 'lib/libc.so.6', 'usr/share/doc/removed'),
  ]
  const { ownerOf } = joinOwners(facts, (path) => (path.startsWith('lib/') ? `usr/${path}` : undefined))
  expect([ownerOf('usr/lib/libc.so.6')?.name, ownerOf('lib/libc.so.6'), ownerOf('usr/share/doc/removed')]).toEqual([
    'libc6',
    undefined,
    undefined,
  ])
})

test('a diverted path belongs to the package that diverts it, and that of the others is where it was moved to', () => {
  const facts: PackageFacts[] = [
    { kind: 'dpkg-status', packages: [deb('bash'), deb('dash')] },
    list('bash', 'bin/sh'),
    list('dash', 'bin/sh'),
    { kind: 'dpkg-diversions', diversions: [{ from: 'bin/sh', to: 'bin/sh.distrib', package: 'dash' }] },
  ]
  const { ownerOf } = joinOwners(facts, asItIs)
  expect([ownerOf('bin/sh')?.name, ownerOf('bin/sh.distrib')?.name]).toEqual(['dash', 'bash'])
})

test('facts of rpm and apk hold packages and paths, and of two owners the first one counts', () => {
  const owned = (name: string): PackageFacts => ({
    kind: 'owned',
    packages: [{ package: { ...deb(name), kind: 'rpm' }, paths: ['usr/bin/a', `usr/bin/${name}`] }],
  })
  const { ownerOf, packages } = joinOwners([owned('one'), owned('two')], asItIs)
  expect(packages.map(({ name }) => name)).toEqual(['one', 'two'])
  expect([ownerOf('usr/bin/a')?.name, ownerOf('usr/bin/two')?.name]).toEqual(['one', 'two'])
})
