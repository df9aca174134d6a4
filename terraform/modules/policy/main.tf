# What the product's own policy says, in a form that keys, roles and grants can hang on. Nothing here is decided anew.
#
# Storage can show a column or not show it; it can't mask, tokenise or filter rows. So a cell (role, grade, category) counts as clear only
# where the first rule that decides is surely `clear`: for every level, column, purpose and hour. Whatever is shown only sometimes is not shown.

locals {
  # The highest first. The product's enum of grades has the same three; a test compares them.
  grades  = ["core", "important", "general"]
  actions = ["clear", "generalise", "mask", "tokenise", "encrypt", "aggregate", "deny"]

  policy  = yamldecode(file(var.policy_file))
  project = yamldecode(file(var.project_file))

  roles      = sort(keys(local.policy.roles))
  categories = sort(keys(local.policy.categories))
  rules      = try([for rule in local.policy.rules : rule], [])
  limits     = try([for rule in local.policy.limits : rule], [])
  filters    = try([for rule in local.policy.rowFilters : rule], [])

  # A rule with one of these keys decides only for some columns, purposes, parties or times.
  conditions = ["levels", "purposes", "parties", "columns", "from", "until", "hours"]

  # What a rule does to a cell that it is for: it surely shows it, perhaps shows it, or hides some of it.
  effects = [for rule in local.rules :
    rule.action != "clear" ? "hides" : length(setintersection(keys(rule), local.conditions)) == 0 ? "shows" : "may show"
  ]

  cells = { for cell in setproduct(local.roles, local.grades, local.categories) : join("/", cell) => {
    role = cell[0], grade = cell[1], category = cell[2]
    effects = [for at, rule in local.rules : local.effects[at]
      if length(setintersection(rule.roles, [cell[0], "*"])) > 0
      && length(setintersection(rule.grades, [cell[1], "*"])) > 0
      && length(setintersection(rule.categories, [cell[2], "*"])) > 0
    ]
    narrowed = anytrue([for limit in local.limits : limit.action != "clear"
      && length(setintersection(limit.roles, [cell[0], "*"])) > 0
      && length(setintersection(limit.grades, [cell[1], "*"])) > 0
      && length(setintersection(limit.categories, [cell[2], "*"])) > 0
    ])
    filtered = anytrue([for filter in local.filters : length(setintersection(filter.roles, [cell[0], "*"])) > 0])
  } }

  # The first sure rule must come before the first that hides.
  is_clear = { for name, cell in local.cells : name =>
    !cell.narrowed && !cell.filtered && try(index(cell.effects, "shows"), 1000000) < try(index(cell.effects, "hides"), 1000000)
  }

  clear = { for role in local.roles : role => { for grade in local.grades : grade =>
    [for category in local.categories : category if local.is_clear[join("/", [role, grade, category])]]
  } }

  unknown_grades  = setsubtract(flatten([for rule in concat(local.rules, local.limits) : rule.grades]), concat(local.grades, ["*"]))
  unknown_actions = setsubtract([for rule in concat(local.rules, local.limits) : rule.action], local.actions)
  unruled_grades = [for grade in local.grades : grade
    if !anytrue([for rule in local.rules : length(setintersection(rule.grades, [grade, "*"])) > 0])
  ]

  highest_grade = try(local.project.highest_grade, "core")
}
