/**
 * What the snippets are taken from. `source` is a Debian source package; `files` are upstream files below `directory`,
 * compiled with the directories `include` (of this package, or `package:directory` of another one) and `defines`.
 * `headers` are what a configure script would have made: texts of our own, or `@path` for an upstream file as it is.
 */
export const LIBRARIES = {
  zlib: { component: 'zlib', source: 'zlib', directory: '.', include: ['.'], defines: ['HAVE_UNISTD_H'] },
  expat: {
    component: 'expat',
    source: 'expat',
    directory: 'expat/lib',
    include: ['expat/lib'],
    defines: ['HAVE_EXPAT_CONFIG_H'],
    headers: {
      'expat_config.h': [
        '#define BYTEORDER 1234',
        '#define HAVE_GETRANDOM 1',
        '#define XML_CONTEXT_BYTES 1024',
        '#define XML_DTD 1',
        '#define XML_GE 1',
        '#define XML_NS 1',
        '',
      ].join('\n'),
    },
  },
  brotli: { component: 'brotli', source: 'brotli', directory: 'c', include: ['c/include'], defines: ['OS_LINUX'] },
  lz4: { component: 'lz4', source: 'lz4', directory: 'lib', include: ['lib'], defines: [] },
  cjson: { component: 'cjson', source: 'cjson', directory: '.', include: ['.'], defines: ['ENABLE_LOCALES'] },
  xz: {
    component: 'xz',
    source: 'xz-utils',
    directory: 'src/liblzma',
    include: [
      'src/common',
      ...['api', 'common', 'check', 'lz', 'rangecoder', 'lzma', 'delta', 'simple'].map((name) => `src/liblzma/${name}`),
    ],
    defines: [
      'HAVE_STDINT_H',
      'HAVE_STDBOOL_H',
      'HAVE_INTTYPES_H',
      'HAVE_STRING_H',
      'HAVE_VISIBILITY=1',
      'NDEBUG',
    ].concat(
      ['LZMA1', 'LZMA2'].flatMap((name) => [`HAVE_DECODER_${name}`, `HAVE_ENCODER_${name}`]),
      ['SIZEOF_SIZE_T=__SIZEOF_SIZE_T__', 'TUKLIB_FAST_UNALIGNED_ACCESS'],
    ),
  },
  snappy: {
    component: 'snappy',
    source: 'snappy',
    directory: '.',
    include: ['.'],
    language: 'c++',
    defines: ['NDEBUG', 'HAVE_BUILTIN_EXPECT=1', 'HAVE_BUILTIN_CTZ=1', 'HAVE_ATTRIBUTE_ALWAYS_INLINE=1'],
    headers: {
      'snappy-stubs-public.h': ['#pragma once', '#include <sys/uio.h>', '#include <cstddef>', ''].join('\n'),
    },
  },
  libpng: {
    component: 'libpng',
    source: 'libpng1.6',
    directory: '.',
    include: ['.', 'zlib:.'],
    defines: [],
    headers: { 'pnglibconf.h': '@scripts/pnglibconf.h.prebuilt' },
  },
  lmdb: {
    component: 'lmdb',
    source: 'lmdb',
    directory: 'libraries/liblmdb',
    include: ['libraries/liblmdb'],
    defines: [],
  },
}

/**
 * The snippets: one upstream file, or the few that make one side of a library. `target` is the share that must be found;
 * rows without one are reported and judged by nobody.
 */
export const SNIPPETS = [
  {
    library: 'zlib',
    name: 'inflate side',
    files: ['inflate.c', 'inftrees.c', 'inffast.c', 'zutil.c', 'adler32.c', 'crc32.c'],
    target: 0.9,
  },
  { library: 'expat', name: 'xmlparse.c', files: ['xmlparse.c'], target: 0.9 },
  { library: 'expat', name: 'xmltok.c', files: ['xmltok.c'], target: 0.9 },
  { library: 'brotli', name: 'decode.c', files: ['dec/decode.c'], target: 0.9 },
  {
    library: 'brotli',
    name: 'decode.c + dictionary.c',
    files: ['dec/decode.c', 'common/dictionary.c'],
    target: 0.9,
  },
  { library: 'brotli', name: 'encode.c', files: ['enc/encode.c'], target: 0.9 },
  { library: 'lz4', name: 'lz4.c', files: ['lz4.c'], target: 0.7 },
  { library: 'lz4', name: 'lz4hc.c', files: ['lz4hc.c'], target: 0.7 },
  { library: 'cjson', name: 'cJSON.c', files: ['cJSON.c'], target: 0.7 },
  { library: 'zlib', name: 'inflate.c', files: ['inflate.c'] },
  {
    library: 'zlib',
    name: 'deflate side',
    files: ['deflate.c', 'trees.c', 'zutil.c', 'adler32.c', 'crc32.c'],
  },
  { library: 'expat', name: 'xmlrole.c', files: ['xmlrole.c'] },
  { library: 'brotli', name: 'brotli_bit_stream.c', files: ['enc/brotli_bit_stream.c'] },
  { library: 'xz', name: 'lz_decoder.c', files: ['lz/lz_decoder.c'] },
  { library: 'xz', name: 'lzma_decoder.c', files: ['lzma/lzma_decoder.c'] },
  { library: 'snappy', name: 'snappy.cc', files: ['snappy.cc'] },
  { library: 'libpng', name: 'pngrutil.c', files: ['pngrutil.c'] },
  { library: 'lmdb', name: 'mdb.c', files: ['mdb.c'] },
]

/** Files whose functions are taken one by one: those that a user would copy a function from. */
export const FUNCTION_FILES = {
  zlib: ['inflate.c', 'inftrees.c', 'inffast.c', 'adler32.c', 'crc32.c', 'deflate.c', 'trees.c'],
  expat: ['xmlparse.c', 'xmltok.c', 'xmlrole.c'],
  brotli: [
    'dec/decode.c',
    'dec/huffman.c',
    'dec/bit_reader.c',
    'enc/encode.c',
    'enc/block_splitter.c',
    'enc/cluster.c',
  ],
  lz4: ['lz4.c', 'lz4hc.c', 'lz4frame.c'],
  cjson: ['cJSON.c'],
}

/** A function has at least this many instructions to count as one that can be told. */
export const MIN_INSTRUCTIONS = 30
