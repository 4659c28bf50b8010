import { expect, test } from 'vitest'
import { isCoffObject, readCoff } from '../../src/binary/coff.ts'
import { readPe } from '../../src/binary/pe.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildCoff, buildImportMember, buildPe, type PeFixture } from '../fixtures/pe.ts'
import { exhaust } from './exhaust.ts'
import { survey } from './mutate.ts'

const options: PeFixture = {
  exports: { inflate: 4, crc32: 'OTHER.crc32' },
  imports: { 'KERNEL32.dll': ['ExitProcess', 12] },
  delayImports: { 'libcurl.dll': ['curl_easy_init'] },
  versionInfo: { FileVersion: '1.2.13', ProductName: 'zlib' },
  symbols: [{ name: 'inflate', offset: 4 }, { name: 'a_symbol_with_a_long_name', offset: 5 }, { name: 'malloc' }],
}

test('a mutated PE image ends in a program or a DetectorError, and no range leaves the file', async () => {
  const fixtures = [buildPe(options), buildPe({ ...options, bits: 32, dll: true })]
  const faults = await survey(fixtures, 2000, (bytes) => exhaust(readPe(bytesSource(bytes)), bytes.length))
  expect(faults).toEqual([])
})

test('a mutated COFF object ends in a program or a DetectorError', async () => {
  const fixtures = [buildCoff(options), buildImportMember('inflate', 'zlib1.dll')]
  const faults = await survey(fixtures, 1000, (bytes) => {
    if (isCoffObject(bytesSource(bytes))) exhaust(readCoff(bytesSource(bytes)), bytes.length)
  })
  expect(faults).toEqual([])
})
