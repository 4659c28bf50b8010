/**
 * True for tests, benchmarks, fuzzers, examples and documentation, told by the names of directories and files.
 *
 * The names come from the trees of 55 C and C++ projects, several releases each; the rules were read against the lists
 * of what they keep and drop.
 *
 * @param lower the path in lower case
 * @param ownNames names of the component in lower case: googletest's own `googletest/` holds no tests
 */
export function isTestPath(lower: string, ownNames: ReadonlySet<string>): boolean {
  const segments = lower.split('/')
  const name = segments.pop()!
  if (segments.some((segment) => isTestDirectory(segment) && !ownNames.has(segment))) return true
  return isTestFile(name) && !isNamedAfter(name, ownNames)
}

/** The component's own name may read like a test (`gtest.cc`, `benchmark.cc`, `testdisk.c`). */
function isNamedAfter(name: string, ownNames: ReadonlySet<string>): boolean {
  for (const own of ownNames) if (name.startsWith(own) && isTestFile(`${own}.c`)) return true
  return false
}

/**
 * Words that end in "test" and name code: self tests of FIPS modules, hit, bit and depth tests of toolkits, and plain
 * English ("latest", "shortest").
 */
const NOT_A_TEST =
  '(?<!(?:^|[-_])(?:la|fas|grea|shor|con|pro|at|de|cu)|self[-_]?|hit[-_]?|bit[-_]?|depth[-_]?|alpha[-_]?|stencil[-_]?)'

const TEST_DIRECTORIES: readonly RegExp[] = [
  // test, tests, testing, testsuite, test-suite, testdata, test_utils, testes (Lua), t (Perl habit)
  /^test(?:s|es|er|ing|bed|suites?|data|files?|cases?|utils?|programs?)?(?:[-_.].*)?$/,
  /^t$/,
  // cli-tests, ash_test, x_unittest, libtest, reftests, vsixtest
  new RegExp(`[a-z0-9].*${NOT_A_TEST}tests?$`),
  /[-_.](?:testing|tester|testsuite)$/,
  /^reg(?:ress(?:ion)?)?$/,
  /^g(?:oogle)?(?:test|mock)(?:[-_.].*)?$/,
  /^(?:fixtures?|mocks?|corpus|corpora)$/,
  // fuzz, fuzzers, oss-fuzz, ossfuzz, fuzzing; not the fuzzy hash of ssdeep
  /fuzz(?!y)/,
  /^(?:.*[-_.])?bench(?:es|marks?|marking)?(?:[-_.].*)?$/,
  /^(?:full|seq|micro|g)bench(?:[-_.].*)?$/,
  /^perf$/,
  /^(?:.*[-_.])?examples?(?:[-_.].*)?$/,
  // "resample" is code
  /^(?:.*[-_.])?samples?$/,
  /^demos?(?:[-_.].*)?$/,
  /^(?:docs?|documentation|doxygen)$/,
]

const TEST_FILES: readonly RegExp[] = [
  // test1.c, test_foo.c, testapi.c, tests.c. Code all the same: test.c of coreutils and shells, testing.h, test_rng.c of
  // OpenSSL, test_io.c of e2fsprogs, test_ptr_hack.c of busybox.
  /^test(?!\.|ing\.|_rng\.|_io\.|_ptr_hack\.)/,
  /^test\.(?:cc|cpp|cxx)$/,
  /^tst[-_]/,
  // foo_test.cc, foo-tests.c, footest.c, foo_test2.cc, foo_test_util.h
  new RegExp(`[a-z0-9].*${NOT_A_TEST}tests?\\d*\\.`),
  new RegExp(`[a-z0-9]${NOT_A_TEST}[-_]tests?[-_]`),
  /[-_](?:testing|testutils?|tester|testbed|testlib)(?:[-_].*)?\./,
  /unit[-_]?tests?/,
  /^g(?:test|mock)[-_.]/,
  // fuzzer_mode.cc is part of BoringSSL
  /fuzz(?!y|er_mode)/,
  // bench.c is part of the programs zstd and lz4
  /(?:^|[-_])bench(?:mark|marks|marking)(?:[-_].*)?\./,
  /(?:^bench[-_]|[-_]bench(?:[-_].*)?\.|^fullbench\.|^speedtest)/,
  /(?:^examples?(?:\d|[-_].*)?|examples?)\./,
  /(?:^demos?(?:\d|[-_].*)?|demos?)\./,
]

function isTestDirectory(segment: string): boolean {
  return TEST_DIRECTORIES.some((expression) => expression.test(segment))
}

function isTestFile(name: string): boolean {
  return TEST_FILES.some((expression) => expression.test(name))
}
