// The one module that is CommonJS in the sources, too: sources run as ES modules and, once built, as CommonJS, and only
// this form tells where it lies in both.
exports.ROOMS = require("node:path").dirname(__dirname);
