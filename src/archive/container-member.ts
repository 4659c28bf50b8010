import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { DetectorError, ErrorCode } from '../errors.ts'

/**
 * What a container is. `tar` also packed, `compressed`: one file under gzip, xz, bzip2 or zstd, such as a kernel or one of its
 * modules.
 */
export type ContainerKind = 'deb' | 'rpm' | 'apk' | 'zip' | 'tar' | 'asar' | 'cpio' | 'compressed'

/** A regular file within a container. */
export interface ContainerMember {
  /** Normalised: no leading `./`. Names may repeat. */
  readonly path: string
  /** Bytes, as the container says; of a `compressed` one perhaps the packed ones: few formats say how many they unpack to. */
  readonly size: number
  /**
   * At least the first {@link HEAD_BYTES}, or all if there are fewer, without unpacking the whole member.
   *
   * @throws DetectorError where they cannot be unpacked
   */
  head(): Uint8Array
  /**
   * The bytes. The caller closes them, before it closes the container.
   *
   * @throws DetectorError `FORMAT_*` where they do not unpack or have another size than announced, `LIMIT_EXCEEDED`
   */
  open(): ByteSource | Promise<ByteSource>
}

/** An open container. */
export interface Container {
  readonly kind: ContainerKind
  /**
   * Walks the regular files in archive order, once and lazily: what is wrong with the container itself is thrown when the walk
   * reaches it, after the members before it.
   *
   * @throws DetectorError `FORMAT_*`, `LIMIT_EXCEEDED`
   */
  members(): Iterable<ContainerMember>
  /** What is wrong with single members, which the walk left out. Grows while it goes on. */
  readonly problems: readonly ContainerProblem[]
  /** Gives back what was unpacked; the container's own source stays open. */
  close(): void
}

/** A member that cannot be read, such as an encrypted one. */
export interface ContainerProblem {
  /** As the container spells it. */
  readonly path: string
  readonly code: ErrorCode
  readonly message: string
}

/** What opening a container needs to know. */
export interface ContainerOptions {
  readonly limits: Limits
  readonly signal?: AbortSignal | undefined
  /** Give that of the outer container to inner ones. Default: one of its own. */
  readonly budget?: UnpackBudget
}

/** What one part of the code for containers hands to the next. */
export interface Opening extends ContainerOptions {
  readonly budget: UnpackBudget
}

/** What formats are told by: the header of a tar archive is one block. */
export const HEAD_BYTES = 512

/**
 * How many bytes a container, with all containers inside it, may still unpack to: no more than `limits.unpackedBytes` in
 * all. Members that share their bytes, and containers packed over and over, come to an end that way.
 */
export class UnpackBudget {
  readonly #limits: Limits
  #used = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** @throws DetectorError `LIMIT_EXCEEDED` */
  take(bytes: number): void {
    checkLimit(this.#limits, 'unpackedBytes', this.#used + bytes)
    this.#used += bytes
  }

  /** The limits for unpacking one thing more. */
  rest(): Limits {
    return { ...this.#limits, unpackedBytes: this.#limits.unpackedBytes - this.#used }
  }
}

/** Beyond, a container has problems and not its members: only that there are more is said. */
const MAX_PROBLEMS = 1000

/** Collects what is wrong with single members. */
export class ProblemList {
  readonly list: ContainerProblem[] = []

  add(path: string, { code, message }: Pick<DetectorError, 'code' | 'message'>): void {
    if (this.list.length < MAX_PROBLEMS) this.list.push({ path, code, message })
    else if (this.list.length === MAX_PROBLEMS)
      this.list.push({ path, code: 'LIMIT_EXCEEDED', message: `more than ${MAX_PROBLEMS} members have problems` })
  }
}
