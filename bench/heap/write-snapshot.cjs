// Writes the snapshot that analyze.bench.ts reads: a service's heap with many sessions. Arguments: file, sessions.
'use strict';
const v8 = require('node:v8');

class Session {
  /** @param {number} user */
  constructor(user) {
    this.id = `session ${user}`;
    this.user = { name: `user ${user}`, roles: ['reader', `team ${user % 50}`] };
    this.cart = Array.from({ length: 4 }, (_, at) => ({ article: user * 4 + at, amount: 1 }));
    this.onClose = () => this.close(user);
  }

  /** @param {number} user */
  close(user) {
    sessions.delete(user);
  }
}

const sessions = new Map();
for (let user = 0; user < Number(process.argv[3]); user++) sessions.set(user, new Session(user));
v8.writeHeapSnapshot(process.argv[2]);
