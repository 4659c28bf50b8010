import { describe, expect, test } from 'vitest'
import { demangledName, qualifiedName, typeOfRuntimeName } from '../../src/fingerprint/qualified-names.ts'

describe('mangled names', () => {
  test.each([
    ['a nested function', '_ZN6snappy11RawCompressEPKcmPcPm', 'snappy::RawCompress'],
    ['a const member', '_ZNK3lib6Reader4sizeEv', 'lib::Reader::size'],
    ['a plain function', '_Z7inflatePv', 'inflate'],
    ['a virtual table', '_ZTVN3lib6ReaderE', 'lib::Reader'],
    ['an ABI namespace is left out', '_ZN4absl12lts_202301255Mutex4LockEv', 'absl::Mutex::Lock'],
    ['a constructor', '_ZN3lib6ReaderC1Ev', undefined],
    ['an operator', '_ZN3libplERKNS_1XES2_', undefined],
    ['a template', '_ZN3lib3maxIiEET_S1_S1_', undefined],
    ['a plain template', '_Z3maxIiET_S0_S0_', undefined],
    ['the standard library', '_ZNSt6vectorIiE3endEv', undefined],
    ['an anonymous namespace', '_ZN12_GLOBAL__N_13runEv', undefined],
    ['a length beyond the end', '_ZN99snappyE', undefined],
    ['Microsoft', '?RawCompress@snappy@@YAXPEBD_KPEADPEA_K@Z', 'snappy::RawCompress'],
    ['Microsoft, an operator', '??0Reader@lib@@QEAA@XZ', undefined],
    ['C', 'inflate', undefined],
  ])('%s', (_name, mangled, name) => {
    expect(demangledName(mangled)).toBe(name)
  })
})

describe('run-time type names', () => {
  test.each([
    ['N6snappy6SourceE', 'snappy::Source'],
    ['N6snappy6SourceEE', undefined],
    ['N6snappyE', undefined],
    ['NULL', undefined],
    ['.?AVSource@snappy@@', 'snappy::Source'],
    ['.?AUnode@@', undefined],
  ])('%s', (text, name) => {
    expect(typeOfRuntimeName(text)).toBe(name)
  })
})

test('namespaces of an ABI or a release are not part of a name', () => {
  expect(qualifiedName(['std', '__1', 'mutex'])).toBe('std::mutex')
  expect(qualifiedName(['absl', 'lts_20240116', 'Status'])).toBe('absl::Status')
})
