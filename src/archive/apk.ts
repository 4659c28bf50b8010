import { checkLimit, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import type { OnUnsafe } from './member-path.ts'
import { readTar, type TarMember } from './tar.ts'
import { isZeroBlock, TAR_BLOCK } from './tar-header.ts'

/** What packages of Alpine start with: the signature, or without one their description. */
const FIRST_MEMBER = /^(\.SIGN\.[^/]+|\.PKGINFO)$/

/** Tells an unpacked package of Alpine Linux from other tar archives by the first name in it. */
export function isApk(tarHead: Uint8Array): boolean {
  const end = tarHead.indexOf(0)
  const name = Buffer.from(tarHead.subarray(0, Math.max(0, Math.min(end, 100)))).toString('latin1')
  return FIRST_MEMBER.test(name)
}

/**
 * Walks the unpacked parts of a package of Alpine Linux: signature, description and files, each a tar archive, the first two
 * without an end as a rule. Zeros between them are no end.
 *
 * @throws DetectorError as `readTar`
 * @see Alpine wiki, "Apk spec"
 */
export function* readApk(source: ByteSource, limits: Limits, onUnsafe: OnUnsafe): Generator<TarMember> {
  let count = 0
  for (let start = 0; start < source.size; ) {
    const part = sliceSource(source, start, source.size - start)
    const walk = readTar(part, limits, { onUnsafe })
    for (let step = walk.next(); ; step = walk.next()) {
      if (step.done === true) {
        start += step.value
        break
      }
      checkLimit(limits, 'archiveMembers', ++count)
      const { sparse, offset } = step.value
      const moved = sparse?.kind === 'gnu' ? { sparse: { ...sparse, header: sparse.header + start } } : {}
      yield { ...step.value, offset: offset + start, ...moved }
    }
    while (start + TAR_BLOCK <= source.size && isZeroBlock(source.read(start, TAR_BLOCK))) start += TAR_BLOCK
    // Less than a block of anything is padding.
    if (start + TAR_BLOCK > source.size) return
  }
}
