import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Refused } from '../backend/base/errors'
import { allowClosedPipes, leave } from '../backend/base/stdio'
import { tableOf } from './base/figures'
import { type Bench, onGround } from './base/harness'
import { GROUPS } from './registry'

const benches: Record<string, Bench> = Object.assign({}, ...Object.values(GROUPS))

/** Sizes of one benchmark: `--small` ones or the full ones, each replaced where it is named. */
function sizesOf(name: string, bench: Bench, args: string[]): Record<string, number> {
  const options = Object.fromEntries(Object.keys(bench.sizes).map((size) => [size, { type: 'string' as const }]))
  const values = readOptions(name, bench, args, { ...options, small: { type: 'boolean' as const } })
  return Object.fromEntries(
    Object.entries(bench.sizes).map(([size, { full, small }]) => {
      const given = values[size]
      const value = given === undefined ? (values.small ? small : full) : Number(given)
      if (!Number.isInteger(value) || value < 1)
        throw new Refused('input', `--${size} must be a whole number, 1 or more, got ${given}`, size)
      return [size, value]
    }),
  )
}

function readOptions(name: string, bench: Bench, args: string[], options: ParseArgsConfig['options']): Record<string, unknown> {
  try {
    return parseArgs({ args, options, strict: true }).values
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) throw error
    throw new Refused(
      'input',
      `${(error as Error).message.split('.')[0]}; ${name} takes --small, ${Object.keys(bench.sizes)
        .map((size) => `--${size} <n>`)
        .join(', ')}`,
    )
  }
}

const help = (): string =>
  [
    'yarn bench <name> [--small] [--<size> <n>]',
    ...Object.entries(GROUPS).flatMap(([group, members]) => ['', group, ...Object.entries(members).flatMap(helpOf)]),
  ].join('\n')

const helpOf = ([name, { about, sizes }]: [string, Bench]): string[] => [
  `  ${name.padEnd(16)}${about}`,
  ...Object.entries(sizes).map(([size, it]) => `                  --${size} <n>  ${it.about} (${it.full}; small: ${it.small})`),
]

async function main([name = '', ...args]: string[]): Promise<void> {
  const bench = benches[name]
  if (!bench) {
    console.log(help())
    if (name !== '' && name !== '--help') throw new Refused('input', `there is no benchmark ${JSON.stringify(name)}; yarn bench lists them`)
    return
  }
  const sizes = sizesOf(name, bench, args)
  await onGround(async (ground) => {
    ground.print(
      `${name}: ${bench.about} (${Object.entries(sizes)
        .map(([size, value]) => `${size} ${value}`)
        .join(', ')})`,
    )
    const figures = await bench.run(ground, sizes)
    ground.print(tableOf(figures))
  })
}

allowClosedPipes()
main(process.argv.slice(2)).then(
  () => leave(0),
  (error: Error) => {
    console.error(error instanceof Refused ? error.message : error)
    return leave(error instanceof Refused && error.code === 'input' ? 2 : 1)
  },
)
