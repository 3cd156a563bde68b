import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/* The documents that lead a newcomer name things that exist. */

const ROOT = join(__dirname, '..', '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]
const FOLDERS = ['backend', 'bench', 'docs', 'ops', 'prisma', 'queues', 'scripts', 'tests']

/** Paths in backticks and targets of links, from the folder that they are relative to. */
function pathsOf(document: string): string[] {
  const text = read(document).replace(/^```[\s\S]*?^```/gm, '')
  const quoted = [...text.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, path = '']) => path)
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, path = '']) => resolve(ROOT, dirname(document), path))
  return [...quoted.filter((path) => FOLDERS.includes(path.split('/')[0] ?? '')).map((path) => join(ROOT, path)), ...links]
}

test.each(DOCUMENTS)('every path in %s exists', (document) => {
  const paths = pathsOf(document)
  expect(paths.length).toBeGreaterThan(2)
  expect(paths.filter((path) => !existsSync(path))).toEqual([])
})

interface Rules {
  overrides: {
    includes: string[]
    linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: { group: string[] }[] } } } } }
  }[]
}

/** `room -> rooms it may import`, but for base, from the import rules. */
function arrowsOfRules(): string[] {
  const { overrides } = JSON.parse(read('biome.json')) as Rules
  const forbidden = new Map<string, string[]>()
  for (const { includes, linter } of overrides) {
    const room = /^(?:backend\/)?(\w+)\/(?:\*\/)?\*\*$/.exec(includes[0] ?? '')?.[1]
    const [folders] = linter.rules.style?.noRestrictedImports?.options.patterns[0]?.group ?? []
    const names = /^\*\*\/\{([\w,]+)\}\/\*\*$/.exec(folders ?? '')?.[1]
    if (room && names && !forbidden.has(room)) forbidden.set(room, names.split(','))
  }
  const rooms = [...forbidden.keys()].filter((room) => !['base', 'dashboard', 'scripts'].includes(room))
  return rooms.flatMap((from) => rooms.filter((to) => to !== from && !forbidden.get(from)?.includes(to)).map((to) => `${from} -> ${to}`))
}

test('the arrows between rooms in docs/architecture.md are those of biome.json', () => {
  const picture = /^flowchart TD\n([\s\S]*?)^```/m.exec(read('docs/architecture.md'))?.[1] ?? ''
  const arrows = [...picture.matchAll(/^ +(\w+) --> (.+)$/gm)].flatMap(([, from, to = '']) =>
    to.split(' & ').map((one) => `${from} -> ${one}`),
  )
  expect(arrows.sort()).toEqual(arrowsOfRules().sort())
})

test('the spine has nine files', () => {
  const spine = read('docs/architecture.md').split('## The spine')[1]?.split('\n## ')[0] ?? ''
  expect([...spine.matchAll(/^\| \[`([\w./]+)`\]/gm)]).toHaveLength(9)
})
