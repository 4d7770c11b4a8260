#!/usr/bin/env node
// It is no part of the build, so that npm finds it when it installs a fresh checkout.
import './dist/main/bin.js';
