import { matching, scoreOf, tellingWord } from '../../backend/dashboard/src/palette/match'

/* What a text finds in the command palette. */

const entry = (group: string, text: string, more?: string) => ({ id: `${group} ${text}`, group, text, more, run: () => undefined })

test('every word must be found, in the text or beside it; the beginning of a word counts more', () => {
  expect(scoreOf('', entry('Pages', 'Gates'))).toBeGreaterThan(0)
  expect(scoreOf('dead xyz', entry('Pages', 'Dead letters'))).toBe(0)
  expect(scoreOf('letters dead', entry('Pages', 'Dead letters'))).toBeGreaterThan(0)
  expect(scoreOf('kills', entry('Start', 'Start: eve', 'kills of a character'))).toBeGreaterThan(0)
  expect(scoreOf('ga', entry('Pages', 'Gates'))).toBeGreaterThan(scoreOf('ga', entry('Pages', 'The gates')))
  expect(scoreOf('ga', entry('Pages', 'The gates'))).toBeGreaterThan(scoreOf('ga', entry('Pages', 'Legacy megabyte ega')))
})

test('groups keep their order, entries are the best first and few', () => {
  const entries = [entry('Pages', 'The gates'), entry('Pages', 'Gates'), entry('Pages', 'Jobs'), entry('Gates', 'esi.gate')]
  expect(matching('gate', entries).map(([group, found]) => [group, found.map(({ text }) => text)])).toEqual([
    ['Pages', ['Gates', 'The gates']],
    ['Gates', ['esi.gate']],
  ])
  expect(
    matching(
      'x',
      Array.from({ length: 50 }, (_, n) => entry('Gates', `x${n}`)),
    )[0]?.[1],
  ).toHaveLength(8)
  expect(matching('nothing', entries)).toEqual([])
})

test('of several words, jobs are searched by the one that tells most', () => {
  expect(['kills of character 21', 'a bcd', ''].map(tellingWord)).toEqual(['21', 'bcd', ''])
})
