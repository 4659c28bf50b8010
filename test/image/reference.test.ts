import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseImageReference } from '../../src/image/reference.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-reference-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

describe('a transport before a colon', () => {
  test.each([
    ['docker-archive:a.tar', 'docker-archive', 'a.tar'],
    ['oci-dir:layout', 'oci-dir', 'layout'],
    ['oci:layout', 'oci-dir', 'layout'],
    ['registry:alpine:3.20', 'registry', 'alpine:3.20'],
    ['docker://alpine', 'registry', 'alpine'],
    ['dir:/', 'dir', '/'],
    ['tar:root.tar', 'tar', 'root.tar'],
  ])('%s', (text, transport, location) => {
    expect(parseImageReference(text)).toEqual({ transport, location, name: null })
  })

  test('a name behind a path that is there is one of an image, unless there is a file that is called so', () => {
    const path = join(work, 'a.tar')
    writeFileSync(path, '')
    expect(parseImageReference(`docker-archive:${path}:app:1.2`)).toMatchObject({ location: path, name: 'app:1.2' })
    writeFileSync(`${path}:app`, '')
    expect(parseImageReference(`docker-archive:${path}:app`)).toMatchObject({ location: `${path}:app`, name: null })
  })

  test('nothing behind it is a usage error', () => {
    expect(() => parseImageReference('oci-dir:')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

describe('a bare name', () => {
  test.each(['alpine:3.20', 'team/app:1', 'registry.example.org/app', 'localhost:5000/app', 'localhost/app:1'])(
    '%s is one of a registry',
    (text) => {
      expect(parseImageReference(text)).toEqual({ transport: 'registry', location: text, name: null })
    },
  )

  test.each(['alpine', 'team/app', './alpine:3.20', '/bin/ls', 'Firmware:1', 'C:\\x.exe', '(bytes)'])(
    '%s is a path',
    (text) => {
      expect(parseImageReference(text)).toBeUndefined()
    },
  )

  test('what is there is a path, whatever it is called', () => {
    const before = process.cwd()
    mkdirSync(join(work, 'here'))
    process.chdir(join(work, 'here'))
    try {
      writeFileSync('alpine:3.20', '')
      expect(parseImageReference('alpine:3.20')).toBeUndefined()
    } finally {
      process.chdir(before)
    }
  })
})
