export interface CountBar {
  /** So many are done. */
  update(done: number): void
  end(): void
}

/** A bar on stderr that counts up to `total` of these things and goes away in the end; for a terminal only. */
export function countBar(total: number, things: string, stream: NodeJS.WritableStream = process.stderr): CountBar {
  const { Presets, SingleBar } = require('cli-progress') as typeof import('cli-progress')
  const numbers = (value: number, _: unknown, type: string) =>
    type === 'value' || type === 'total' ? value.toLocaleString('en-US') : String(value)
  const format = `{bar} {percentage} %  {value} of {total} ${things} · {rate}/s · {eta_formatted} left`
  // Ctrl-C is the command's, and where it ends the process at once nobody would show a hidden cursor again.
  const bar = new SingleBar({ format, formatValue: numbers, stream, clearOnComplete: true, gracefulExit: false }, Presets.shades_classic)
  const began = Date.now()
  bar.start(total, 0, { rate: '0' })
  return {
    update(done) {
      // More may have come since they were counted.
      if (done > bar.getTotal()) bar.setTotal(done)
      const seconds = Math.max(0.001, (Date.now() - began) / 1000)
      bar.update(done, { rate: Math.round(done / seconds).toLocaleString('en-US') })
    },
    end: () => bar.stop(),
  }
}
