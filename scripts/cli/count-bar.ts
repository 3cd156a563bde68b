export interface CountBar {
  /** @param done how many are finished */
  update(done: number): void
  end(): void
}

/** A bar on stderr that counts up to `total` things and disappears at the end; for a terminal only. */
export function countBar(total: number, things: string, stream: NodeJS.WritableStream = process.stderr): CountBar {
  const { Presets, SingleBar } = require('cli-progress') as typeof import('cli-progress')
  const numbers = (value: number, _: unknown, type: string) =>
    type === 'value' || type === 'total' ? value.toLocaleString('en-US') : String(value)
  const format = `{bar} {percentage} %  {value} of {total} ${things} · {rate}/s · {eta_formatted} left`
  // The command handles Ctrl-C, and where that ends the process at once, nothing would show a hidden cursor again.
  const bar = new SingleBar({ format, formatValue: numbers, stream, clearOnComplete: true, gracefulExit: false }, Presets.shades_classic)
  const began = Date.now()
  bar.start(total, 0, { rate: '0' })
  return {
    update(done) {
      // There may be more since they were counted.
      if (done > bar.getTotal()) bar.setTotal(done)
      const seconds = Math.max(0.001, (Date.now() - began) / 1000)
      bar.update(done, { rate: Math.round(done / seconds).toLocaleString('en-US') })
    },
    end: () => bar.stop(),
  }
}
