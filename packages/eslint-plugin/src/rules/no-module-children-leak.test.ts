import { commonjs } from '../fixtures/rule-tester.ts';
import { noModuleChildrenLeak } from './no-module-children-leak.ts';

commonjs.run('no-module-children-leak', noModuleChildrenLeak as never, {
  valid: [
    {
      name: 'taken out of the children afterwards',
      code: "const Module = require('module'); module.exports = function (code, file) { const parent = module.parent; const m = new Module(file, parent); m._compile(code, file); parent.children.splice(parent.children.indexOf(m), 1); return m.exports; };",
    },
    {
      name: 'without a parent',
      code: "const Module = require('module'); module.exports = function (file) { return new Module(file); };",
    },
    { name: 'once', code: "const Module = require('module'); const m = new Module('x', module); m.load('x');" },
    {
      name: 'a module of the program',
      code: "const { Module } = require('./modules'); exports.make = (x) => new Module(x, module);",
    },
    { name: 'deleted and never loaded again', code: 'exports.forget = (file) => { delete require.cache[file]; };' },
  ],
  invalid: [
    {
      name: 'a parent',
      code: "var Module = require('module'); module.exports = function (code, file) { var m = new Module(file, module.parent); m._compile(code, file); return m.exports; };",
      errors: [{ messageId: 'parent' }],
    },
    {
      name: 'a parent in a variable',
      code: "const { Module } = require('node:module'); exports.evaluate = (file) => { const parent = require.main; return new Module(file, parent); };",
      errors: [{ messageId: 'parent' }],
    },
    {
      name: 'loaded again and again',
      code: 'exports.fresh = (file) => { delete require.cache[require.resolve(file)]; return require(file); };',
      errors: [{ messageId: 'cache' }],
    },
  ],
});
