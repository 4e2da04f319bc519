// biome-ignore-all lint: goes when the last two dialogs are modules
(function () {
  const MODULE = "@abiquo-workflow/node-red-abiquo/";
  /** As Node-RED replaces it when it starts a node. */
  const VARIABLE = /^\$(\{\S+\}|\(\S+\))$/;
  const FLAGS = { true: true, 1: true, yes: true, on: true, false: false, 0: false, no: false, off: false };
  /** For each node whose dialog is open, what its inputs showed at first. */
  const firstShown = new WeakMap();

  /** What the dialogs of this palette share. Used only once the editor is up, never while the nodes register. */
  window.AbiquoEditor = {
    text(type, key, values) {
      return RED._(MODULE + type + ":" + type + "." + key, values);
    },
    isVariable(value) {
      return typeof value === "string" && VARIABLE.test(value);
    },
    isObject(value) {
      return typeof value === "object" && value !== null && !Array.isArray(value);
    },
    isBlank(value) {
      return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
    },
    /** The value as text when it is a string or a number, else the empty string. */
    textOf(value) {
      if (typeof value === "string") return value;
      return typeof value === "number" && Number.isFinite(value) ? String(value) : "";
    },
    /** What JSON text stands for; undefined for what is none. */
    jsonIn(text) {
      try {
        return JSON.parse(text);
      } catch (error) {
        return undefined;
      }
    },
    /** The same where no key may come twice, as nobody could tell which is meant. */
    strictJsonIn(text) {
      const value = this.jsonIn(text);
      const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon).length;
      return value !== undefined && written === keysIn(value) ? value : undefined;
    },
    /** A list as one line to edit. */
    listText(value) {
      if (typeof value === "string") return value.trim().replace(/\s*([,;]?)\s*\n\s*/g, value.trim()[0] === "[" ? "$1 " : ", ");
      if (!Array.isArray(value)) return this.isObject(value) ? JSON.stringify(value) : this.textOf(value);
      const isPlain = value.every((item) => /^[^,;\n]+$/.test(this.textOf(item)));
      return isPlain ? value.join(", ") : JSON.stringify(value);
    },
    isTimeZone(zone) {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: zone }) !== null;
      } catch (error) {
        return false;
      }
    },
    /** The value in the open dialog when this node is the one being edited, else the saved one; the default for nothing. */
    current(node, property) {
      const stack = RED.editor.getEditStack();
      const input = inputOf(node, property);
      const isOpen = stack.length > 0 && stack[stack.length - 1] === node && input.length > 0;
      const value = isOpen ? read(input) : node[property];
      return this.isBlank(value) ? node._def.defaults[property].value : typeof value === "string" ? value.trim() : value;
    },
    /** True, false, or undefined while the editor has not fetched this node's credentials. */
    hasCredential(node, name) {
      const stack = RED.editor.getEditStack();
      const input = inputOf(node, name);
      if (stack.length > 0 && stack[stack.length - 1] === node && input.length > 0) return input.val() !== "";
      if (!node.credentials) return undefined;
      return !!(node.credentials["has_" + name] || node.credentials[name]);
    },
    reason(opt, key, values) {
      const text = this.text("abiquo-config", "invalid." + key, values);
      return opt && opt.label ? opt.label + ": " + text : text;
    },
    /** Nothing means the default. */
    number(value, opt, min, whole) {
      const text = settingText(value);
      if (text === "" || VARIABLE.test(text)) return true;
      const number = Number(text);
      if (Number.isFinite(number) && number >= min && (!whole || Number.isInteger(number))) return true;
      return this.reason(opt, whole ? "whole" : "number", { min: Number(min.toPrecision(2)) });
    },
    choice(value, opt, choices) {
      const text = settingText(value);
      return text === "" || VARIABLE.test(text) || choices.indexOf(text) !== -1 ? true : this.reason(opt, "choice", { value: text });
    },
    httpUrl(value, opt) {
      const text = settingText(value);
      if (text === "" || VARIABLE.test(text)) return true;
      let url;
      try {
        url = new URL(text);
      } catch (error) {
        return this.reason(opt, "url");
      }
      if (url.protocol !== "http:" && url.protocol !== "https:") return this.reason(opt, "url");
      if (url.username || url.password) return this.reason(opt, "urlWithUser");
      if (url.search || url.hash) return this.reason(opt, "urlWithQuery");
      return true;
    },
    flag(value, opt) {
      const text = settingText(value);
      return text === "" || VARIABLE.test(text) || flagIn(text) !== undefined ? true : this.reason(opt, "flag");
    },
    /** The entries of a list setting: a list, a JSON list, or text with commas or line breaks; undefined for what is none. */
    entriesOf(value) {
      const text = settingText(value);
      const items = Array.isArray(value) ? value : text[0] === "[" ? this.jsonIn(text) : text.split(/[\n,;]/);
      return Array.isArray(items) ? items.map((item) => String(item).trim()).filter(Boolean) : undefined;
    },
    addresses(value, opt) {
      const entries = this.isVariable(value) ? [] : this.entriesOf(value);
      const isRight = (entry) => isNetwork(entry) || (Array.isArray(value) && VARIABLE.test(entry));
      const wrong = entries ? entries.filter((entry) => !isRight(entry)) : [settingText(value)];
      return wrong.length === 0 ? true : this.reason(opt, "network", { value: wrong.join(", ") });
    },
    /** A typed property as the nodes evaluate it; nothing is its default, where it has one. */
    typedValue(node, property, value, opt, isNeeded) {
      const { [property]: own, [property + "Type"]: kind } = node._def.defaults;
      const type = this.current(node, property + "Type");
      const text = settingText(value);
      if (text === "" && type === kind.value && (!isNeeded || own.value !== "")) return true;
      if (text === "" && isNeeded && type !== "date") return this.reason(opt, "missing");
      return RED.utils.validateTypedProperty(text, type, opt);
    },
    /** The same where the node will not use it: it compiles expressions all the same. */
    unusedValue(node, property, value, opt) {
      return this.current(node, property + "Type") === "jsonata" ? this.typedValue(node, property, value, opt) : true;
    },
    /** A validator for a way of signing in, each with the credentials that it needs. */
    signIn(node, value, opt, ways, missing) {
      const chosen = settingText(value) || node._def.defaults.auth.value;
      const isKnown = this.choice(chosen, opt, Object.keys(ways));
      if (isKnown !== true || VARIABLE.test(chosen)) return isKnown;
      const lacks = ways[chosen].some((name) => this.hasCredential(node, name) === false);
      return lacks ? this.reason(opt, missing[chosen]) : true;
    },
    /**
     * Fills the inputs of a dialog with what is stored. What a choice or a box to tick has no place for is added
     * to it, or shown as text; nothing is shown as what holds then.
     */
    fill(node) {
      inputsOf(node).forEach(({ property, input }) => show(node, property, input));
    },
    /**
     * Notes what a dialog shows once it is drawn: `save` tells by it what its author changed.
     *
     * @param parts how to read, by property, what is no input that Node-RED knows
     */
    remember(node, parts) {
      const inputs = new Map(inputsOf(node).map(({ property, input }) => [property, read(input)]));
      const drawn = Object.keys(parts || {}).map((property) => ({
        property: property,
        read: parts[property],
        first: JSON.stringify(parts[property]()),
      }));
      firstShown.set(node, { inputs: inputs, parts: drawn });
    },
    /**
     * Node-RED saves every input of a dialog, in its own form. An input that its author left alone is taken out
     * of its sight, so that the property stays byte for byte. Once something is changed, what the node did not
     * have is saved as the dialog showed it; of a configuration that is just added, all is.
     */
    save(node) {
      const { inputs, parts } = firstShown.get(node);
      const isChanged = (part) => JSON.stringify(part.read()) !== part.first;
      const untouched = inputsOf(node).filter(({ property, input }) => read(input) === inputs.get(property));
      const isTouched = parts.some(isChanged) || untouched.length < inputs.size || !RED.nodes.node(node.id);
      const isSaved = (part) => isChanged(part) || (isTouched && node[part.property] === undefined);
      parts.filter(isSaved).forEach((part) => (node[part.property] = part.read()));
      untouched.forEach(({ property, input }) => {
        if (!isTouched || node[property] !== undefined) input.removeAttr("id");
      });
    },
    /** A typed input that shows the stored type too where it is none of those offered. */
    typed(node, property, types) {
      const otherwise = node._def.defaults[property + "Type"].value;
      const type = settingText(node[property + "Type"]) || otherwise;
      const input = inputOf(node, property);
      if (type !== otherwise && this.isBlank(node[property])) input.val("");
      input.typedInput({
        default: otherwise,
        types: types.indexOf(type) === -1 ? types.concat({ value: type, label: type }) : types,
        typeField: "#node-input-" + property + "Type",
      });
    },
    /** A field for JSON, or for the variable that holds it; returns its typed input. */
    jsonField(cell, name, value) {
      const input = $("<input>", { type: "text", class: "abiquo-json", style: "width:100%" }).appendTo(cell);
      input.typedInput({ default: "json", types: ["json"] });
      input.typedInput("value", typeof value === "string" ? value : JSON.stringify(value));
      input.next().find(".red-ui-typedInput-input").attr("aria-label", name);
      return input;
    },
    /** As `jsonField`, for a part of a list; returns how to read it: untouched, it is the very value. */
    jsonPart(cell, name, value) {
      const input = this.jsonField(cell, name, value);
      const first = input.typedInput("value");
      return () => {
        const text = input.typedInput("value");
        if (text === first) return value;
        const parsed = this.jsonIn(text);
        return parsed === undefined ? text.trim() : parsed;
      };
    },
    /**
     * Reads a row of a list. What its author left alone stays as it is stored, and so does all that the row does
     * not show.
     *
     * @param together fields of which all are saved when one is changed
     */
    keeping(stored, readRow, together) {
      const first = readRow();
      return () => {
        const now = readRow();
        const isChanged = (field) => JSON.stringify(now[field]) !== JSON.stringify(first[field]);
        const changed = Object.keys(now).filter((field) => {
          const group = (together || []).find((fields) => fields.indexOf(field) !== -1);
          return (group || [field]).some(isChanged);
        });
        return changed.reduce((row, field) => Object.assign(row, { [field]: now[field] }), Object.assign({}, stored));
      };
    },
    /** What the rows of lists are made of, in the words of one dialog. */
    rowParts(say) {
      const parts = {
        select(values, keyOf, name) {
          const element = $("<select>", { "aria-label": say(name) });
          values.forEach((value) =>
            $("<option>")
              .val(value)
              .text(keyOf ? say(keyOf(value)) : value)
              .appendTo(element),
          );
          return element;
        },
        textInput(className, name, placeholder) {
          return $("<input>", { type: "text", class: className, "aria-label": say(name), placeholder: placeholder || "" });
        },
        iconButton(icon, name) {
          return $("<button>", {
            type: "button",
            class: "red-ui-button red-ui-button-small",
            title: say(name),
            "aria-label": say(name),
          }).append($("<i>", { class: "fa " + icon, "aria-hidden": "true" }));
        },
        /** Buttons that move a row, so that it needs no mouse. */
        addMoves(head, container, [upName, downName], moved) {
          const add = (icon, name, move) => {
            const button = parts.iconButton(icon, name).appendTo(head);
            button.on("click", () => {
              move(container.closest("li"));
              moved();
              button.trigger("focus");
            });
          };
          add("fa-arrow-up", upName, (item) => item.prev().before(item));
          add("fa-arrow-down", downName, (item) => item.next().after(item));
        },
      };
      return parts;
    },
    /** Chooses a value in a select, as an option of its own where it is none of those offered. */
    choose(select, value) {
      const text = String(value);
      const isOffered =
        select.find("option").filter(function () {
          return this.value === text;
        }).length > 0;
      if (!isOffered) $("<option>").val(text).text(text).appendTo(select);
      return select.val(text);
    },
    verdict(element, good, text) {
      const icon = $("<i>", { class: good ? "fa fa-check-circle" : "fa fa-exclamation-triangle", "aria-hidden": "true" });
      element
        .removeClass("abiquo-good abiquo-bad")
        .addClass(good ? "abiquo-good" : "abiquo-bad")
        .empty();
      element.append(icon, document.createTextNode(" " + text));
    },
  };

  function keysIn(value) {
    if (typeof value !== "object" || value === null) return 0;
    const parts = Object.values(value)
      .map(keysIn)
      .reduce((sum, count) => sum + count, 0);
    return parts + (Array.isArray(value) ? 0 : Object.keys(value).length);
  }

  /** A setting as the nodes read it. */
  function settingText(value) {
    return value === undefined || value === null ? "" : String(value).trim();
  }

  function flagIn(text) {
    return Object.hasOwn(FLAGS, text.toLowerCase()) ? FLAGS[text.toLowerCase()] : undefined;
  }

  function inputOf(node, property) {
    return $((node._def.category === "config" ? "#node-config-input-" : "#node-input-") + property);
  }

  function inputsOf(node) {
    const all = Object.keys(node._def.defaults).map((property) => ({ property: property, input: inputOf(node, property) }));
    return all.filter(({ input }) => input.length > 0);
  }

  function read(input) {
    return input.attr("type") === "checkbox" ? input.prop("checked") : input.val();
  }

  function show(node, property, input) {
    const { type, value: otherwise } = node._def.defaults[property];
    // Node-RED's own choosers.
    if (type) return;
    const value = window.AbiquoEditor.isBlank(node[property]) ? otherwise : node[property];
    if (input.is("select")) {
      window.AbiquoEditor.choose(input, value);
    } else if (input.attr("type") !== "checkbox") {
      input.val(typeof value === "string" ? value.replace(/\s*\n\s*/g, " ") : window.AbiquoEditor.listText(value));
    } else if (flagIn(settingText(value)) === undefined) {
      input.attr("type", "text").val(window.AbiquoEditor.listText(value));
    } else {
      input.prop("checked", flagIn(settingText(value)));
    }
  }

  function isNetwork(entry) {
    const parts = entry.split("/");
    if (parts.length > 2) return false;
    const isV4 = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/.test(parts[0]);
    if (!isV4 && !isV6(parts[0])) return false;
    return parts.length === 1 || (/^\d+$/.test(parts[1]) && Number(parts[1]) <= (isV4 ? 32 : 128));
  }

  function isV6(text) {
    try {
      return /^[0-9a-f:.]+$/i.test(text) && new URL("http://[" + text + "]/").hostname !== "";
    } catch (error) {
      return false;
    }
  }
})();
