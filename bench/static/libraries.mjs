/**
 * The static libraries of the suite, a row each: the catalog's component, Debian's package, the archive in it, `api` for the
 * names of functions that programs call, and `uses` for the archives of other rows that are linked in where they are asked
 * for. `mingw` is the package with the same archive for Windows.
 */
export const LIBRARIES = [
  row('abseil', 'libabsl-dev', 'libabsl_strings.a', /^_ZN4absl/, [
    'libabsl_strings_internal.a',
    'libabsl_throw_delegate.a',
    'libabsl_raw_logging_internal.a',
    'libabsl_int128.a',
    'libabsl_base.a',
  ]),
  row('abseil', 'libabsl-dev', 'libabsl_time.a', /^_ZN4absl/, [
    'libabsl_time_zone.a',
    'libabsl_civil_time.a',
    'libabsl_strings.a',
    'libabsl_base.a',
  ]),
  row('brotli', 'libbrotli-dev', 'libbrotlidec.a', /^Brotli/, ['libbrotlicommon.a']),
  row('brotli', 'libbrotli-dev', 'libbrotlienc.a', /^Brotli/, ['libbrotlicommon.a']),
  row('c-ares', 'libc-ares-dev', 'libcares.a', /^ares_/),
  row('curl', 'libcurl4-openssl-dev', 'libcurl.a', /^curl_/, [
    'libnghttp2.a',
    'libssh2.a',
    'libssl.a',
    'libcrypto.a',
    'libz.a',
    'libbrotlidec.a',
    'libbrotlicommon.a',
    'libzstd.a',
  ]),
  row('expat', 'libexpat1-dev', 'libexpat.a', /^XML_/),
  row('expat', 'libexpat1-dev', 'libexpatw.a', /^XML_/),
  row('freetype', 'libfreetype-dev', 'libfreetype.a', /^FT_/, [
    'libpng16.a',
    'libz.a',
    'libbrotlidec.a',
    'libbrotlicommon.a',
  ]),
  row('fribidi', 'libfribidi-dev', 'libfribidi.a', /^fribidi_/),
  row('glib', 'libglib2.0-dev', 'libglib-2.0.a', /^g_/, ['libpcre2-8.a']),
  row('glib', 'libglib2.0-dev', 'libgobject-2.0.a', /^g_/, ['libglib-2.0.a', 'libffi.a', 'libpcre2-8.a']),
  row('glib', 'libglib2.0-dev', 'libgio-2.0.a', /^g_/, [
    'libgobject-2.0.a',
    'libgmodule-2.0.a',
    'libglib-2.0.a',
    'libffi.a',
    'libpcre2-8.a',
    'libz.a',
  ]),
  row('http-parser', 'libhttp-parser-dev', 'libhttp_parser.a', /^http_/),
  row('leveldb', 'libleveldb-dev', 'libleveldb.a', /^leveldb_/, ['libsnappy.a']),
  row('libarchive', 'libarchive-dev', 'libarchive.a', /^archive_/, [
    'libz.a',
    'liblzma.a',
    'libzstd.a',
    'liblz4.a',
    'libxml2.a',
  ]),
  row('libevent', 'libevent-dev', 'libevent_core.a', /^(?:event|evbuffer|bufferevent)_/),
  row('libevent', 'libevent-dev', 'libevent_extra.a', /^(?:evhttp|evdns|evrpc)_/, ['libevent_core.a']),
  row('libexif', 'libexif-dev', 'libexif.a', /^exif_/),
  row('libffi', 'libffi-dev', 'libffi.a', /^ffi_/),
  row('libgit2', 'libgit2-dev', 'libgit2.a', /^git_/, [
    'libhttp_parser.a',
    'libssh2.a',
    'libssl.a',
    'libcrypto.a',
    'libpcre2-8.a',
    'libz.a',
  ]),
  row('libjpeg-turbo', 'libjpeg62-turbo-dev', 'libjpeg.a', /^jpeg_/),
  row('libjpeg-turbo', 'libturbojpeg0-dev', 'libturbojpeg.a', /^tj/),
  row('libpng', 'libpng-dev', 'libpng16.a', /^png_/, ['libz.a']),
  row('libsodium', 'libsodium-dev', 'libsodium.a', /^crypto_/),
  row('libssh2', 'libssh2-1-dev', 'libssh2.a', /^libssh2_/, ['libssl.a', 'libcrypto.a', 'libz.a']),
  row('libtiff', 'libtiff-dev', 'libtiff.a', /^TIFF/, ['libjpeg.a', 'libz.a', 'liblzma.a', 'libzstd.a', 'libwebp.a']),
  row('libusb', 'libusb-1.0-0-dev', 'libusb-1.0.a', /^libusb_/),
  row('libuv', 'libuv1-dev', 'libuv_a.a', /^uv_/),
  row('libwebp', 'libwebp-dev', 'libwebp.a', /^WebP/),
  row('libwebp', 'libwebp-dev', 'libwebpdemux.a', /^WebP/, ['libwebp.a']),
  row('libwebp', 'libwebp-dev', 'libwebpmux.a', /^WebP/, ['libwebp.a']),
  row('libxml2', 'libxml2-dev', 'libxml2.a', /^(?:xml|html)[A-Z]/, ['libz.a', 'liblzma.a']),
  row('lmdb', 'liblmdb-dev', 'liblmdb.a', /^mdb_/),
  row('lua', 'liblua5.3-dev', 'liblua5.3.a', /^luaL?_/),
  row('lua', 'liblua5.4-dev', 'liblua5.4.a', /^luaL?_/),
  row('lz4', 'liblz4-dev', 'liblz4.a', /^LZ4/),
  row('mbedtls', 'libmbedtls-dev', 'libmbedcrypto.a', /^mbedtls_/),
  row('mbedtls', 'libmbedtls-dev', 'libmbedx509.a', /^mbedtls_/, ['libmbedcrypto.a']),
  row('mbedtls', 'libmbedtls-dev', 'libmbedtls.a', /^mbedtls_/, ['libmbedx509.a', 'libmbedcrypto.a']),
  row('nghttp2', 'libnghttp2-dev', 'libnghttp2.a', /^nghttp2_/),
  row('ngtcp2', 'libngtcp2-dev', 'libngtcp2.a', /^ngtcp2_/),
  row('openssl', 'libssl-dev', 'libcrypto.a', /^(?:EVP|X509|BIO|RSA|PEM)_/, ['libz.a']),
  row('openssl', 'libssl-dev', 'libssl.a', /^SSL_/, ['libcrypto.a', 'libz.a']),
  row('pcre2', 'libpcre2-dev', 'libpcre2-8.a', /^pcre2_/),
  row('pcre2', 'libpcre2-dev', 'libpcre2-16.a', /^pcre2_/),
  row('pcre2', 'libpcre2-dev', 'libpcre2-32.a', /^pcre2_/),
  row('re2', 'libre2-dev', 'libre2.a', /^_ZNK?3re2/),
  row('rocksdb', 'librocksdb-dev', 'librocksdb.a', /^rocksdb_/, ['libsnappy.a', 'libz.a', 'liblz4.a', 'libzstd.a']),
  row('snappy', 'libsnappy-dev', 'libsnappy.a', /^snappy_/),
  row('sqlite', 'libsqlite3-dev', 'libsqlite3.a', /^sqlite3_/),
  row('xz', 'liblzma-dev', 'liblzma.a', /^lzma_/),
  {
    ...row('zlib', 'zlib1g-dev', 'libz.a', /^(?:inflate|deflate|gz|compress|uncompress)/),
    mingw: 'libz-mingw-w64-dev',
  },
  row('zstd', 'libzstd-dev', 'libzstd.a', /^ZSTD_/),
]

/** Whose archive it is, by its name; of archives that only `uses` names too. */
export function ownerOf(archive) {
  return OWNERS.get(archive) ?? (archive.startsWith('libabsl_') ? 'abseil' : undefined)
}

const OWNERS = new Map([
  ...LIBRARIES.map(({ archive, component }) => [archive, component]),
  ['libbrotlicommon.a', 'brotli'],
  ['libgmodule-2.0.a', 'glib'],
])

function row(component, packageName, archive, api, uses = []) {
  return { component, package: packageName, archive, api, uses }
}
