import { deflateRawSync, inflateRawSync } from 'node:zlib'

const CHUNK_BYTES = 256 * 1024

interface Chunk {
  bytes: number
  packed: Buffer
}

/** Lines of any number: kept packed, read from any byte on. */
export class LineFile {
  private chunks: Chunk[] = []
  private open: string[] = []
  private openBytes = 0
  private packedBytes = 0

  get size(): number {
    return this.packedBytes + this.openBytes
  }

  add(line: string): void {
    this.open.push(line, '\n')
    this.openBytes += Buffer.byteLength(line) + 1
    if (this.openBytes >= CHUNK_BYTES) this.pack()
  }

  private pack(): void {
    if (this.openBytes === 0) return
    this.chunks.push({ bytes: this.openBytes, packed: deflateRawSync(this.open.join(''), { level: 1 }) })
    this.packedBytes += this.openBytes
    this.open = []
    this.openBytes = 0
  }

  /** Takes over the lines of another file after its own. */
  join(other: LineFile): void {
    this.pack()
    other.pack()
    this.chunks.push(...other.chunks)
    this.packedBytes += other.packedBytes
  }

  /** Bytes `from` to before `to`, piece by piece. */
  *read(from: number, to: number): Generator<Uint8Array> {
    this.pack()
    let at = 0
    for (const { bytes, packed } of this.chunks) {
      if (at < to && at + bytes > from) yield inflateRawSync(packed).subarray(Math.max(0, from - at), Math.min(bytes, to - at))
      at += bytes
    }
  }
}
