const { default: Sequencer } = require('@jest/test-sequencer')

/** A fresh clone has no timings to sort by: the longest story starts first, and the other files fill the time beside it. */
const LONGEST = 'stories/kills'

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => Number(b.path.includes(LONGEST)) - Number(a.path.includes(LONGEST)))
  }
}
