//! What is asked: the four measured questions, mixes of them, and what each should need.

/// A question: its text, the variables of its rounds, and what it should need.
pub struct Question {
    /// What it is called in tables.
    pub name: &'static str,
    query: &'static str,
    variables: fn(usize) -> String,
    /// CPU of the server in milliseconds, at most: made anew, and asked again.
    pub budget: [f64; 2],
    /// How often it is asked in a measurement.
    pub rounds: usize,
    /// The same by one statement over plain tables, as text of the data.
    pub sql: &'static str,
    /// What goes into that statement for a round.
    pub parameter: fn(usize) -> Option<String>,
}

impl Question {
    /// The body of its n-th request.
    pub fn body(&self, n: usize) -> String {
        format!(r#"{{"query":"{}","variables":{}}}"#, self.query, (self.variables)(n))
    }
}

fn iso3(n: usize) -> String {
    format!("S{:02}", 2 + 2 * (n % 30))
}

fn slug(n: usize) -> String {
    format!("practice-{}", 1 + 7 * (n % 2_000))
}

/// The four.
pub const QUESTIONS: [Question; 4] = [
    Question {
        name: "Q1 list",
        query: "query Q1 { goodPractices(first: 50, orderBy: {field: PUBLISHED_AT}) { nodes { slug title summary states { iso3 name } activities(first: 10) { nodes { reference title } } } } }",
        variables: |_| "{}".into(),
        budget: [0.30, 0.015],
        rounds: 6_000,
        sql: "SELECT json_object('goodPractices', json_object('nodes', json_group_array(json_object('slug', slug, 'title', title, 'summary', summary,
                'states', json_array(json_object('iso3', iso3, 'name', name)), 'activities', json_object('nodes', json(activities)))))) FROM (
              SELECT p.slug, p.title, p.summary, s.iso3, s.name, (
                SELECT json_group_array(json_object('reference', reference, 'title', title)) FROM (
                  SELECT a.reference, a.title FROM practice_activity l JOIN activity a ON a.id = l.activity_id
                  WHERE l.practice_id = p.id ORDER BY a.id LIMIT 10)) AS activities
              FROM good_practice p JOIN state s ON s.id = p.state_id ORDER BY p.place LIMIT 50)",
        parameter: |_| None,
    },
    Question {
        name: "Q2 deep walk",
        query: "query Q2 { workingGroups(first: 20) { nodes { code name members(first: 100) { nodes { code name goodPractices(first: 5, orderBy: {field: PUBLISHED_AT}) { nodes { title activities(first: 10) { nodes { reference thematicArea { title } } } } } } } } } }",
        variables: |_| "{}".into(),
        budget: [3.0, 0.035],
        rounds: 1_000,
        sql: "SELECT json_object('workingGroups', json_object('nodes', json_group_array(json_object('code', code, 'name', name, 'members', json_object('nodes', json(members)))))) FROM (
              SELECT g.code, g.name, (
                SELECT json_group_array(json_object('code', iso3, 'name', name, 'goodPractices', json_object('nodes', json(practices)))) FROM (
                  SELECT s.iso3, s.name, (
                    SELECT json_group_array(json_object('title', title, 'activities', json_object('nodes', json(activities)))) FROM (
                      SELECT p.title, (
                        SELECT json_group_array(json_object('reference', reference, 'thematicArea', json_object('title', area))) FROM (
                          SELECT a.reference, t.title AS area FROM practice_activity l JOIN activity a ON a.id = l.activity_id
                          JOIN thematic_area t ON t.id = a.thematic_area_id WHERE l.practice_id = p.id ORDER BY a.id LIMIT 10)) AS activities
                      FROM good_practice p WHERE p.state_id = s.id ORDER BY p.place LIMIT 5)) AS practices
                  FROM membership m JOIN state s ON s.id = m.state_id WHERE m.working_group_id = g.id ORDER BY m.place LIMIT 100)) AS members
              FROM working_group g ORDER BY g.id LIMIT 20)",
        parameter: |_| None,
    },
    Question {
        name: "Q3 flows",
        query: "query Q3($iso3: String!) { state(iso3: $iso3) { flows(roles: [ORIGIN], first: 20) { nodes { destinations { iso3 } observations(first: 20, orderBy: {field: PERIOD}) { nodes { periodStart measure value } } } } } }",
        variables: |n| format!(r#"{{"iso3":"{}"}}"#, iso3(n)),
        budget: [0.40, 0.015],
        rounds: 4_000,
        sql: "SELECT json_object('state', json_object('flows', json_object('nodes', json_group_array(
                json_object('destinations', json_array(json_object('iso3', iso3)), 'observations', json_object('nodes', json(observations))))))) FROM (
              SELECT d.iso3, (
                SELECT json_group_array(json_object('periodStart', period_start, 'measure', measure, 'value', value)) FROM (
                  SELECT period_start, measure, value FROM observation WHERE flow_id = f.id ORDER BY place LIMIT 20)) AS observations
              FROM flow f JOIN state d ON d.id = f.destination_id WHERE f.origin_id = (SELECT id FROM state WHERE iso3 = ?) ORDER BY f.id LIMIT 20)",
        parameter: |n| Some(iso3(n)),
    },
    Question {
        name: "Q4 point",
        query: "query Q4($slug: String!) { goodPractice(slug: $slug) { title summary states { iso3 } } }",
        variables: |n| format!(r#"{{"slug":"{}"}}"#, slug(n)),
        budget: [0.04, 0.015],
        rounds: 20_000,
        sql: "SELECT json_object('goodPractice', json_object('title', p.title, 'summary', p.summary, 'states', json_array(json_object('iso3', s.iso3))))
              FROM good_practice p JOIN state s ON s.id = p.state_id WHERE p.slug = ?",
        parameter: |n| Some(slug(n)),
    },
];

/// Mixes, by how many of Q1 to Q4 make a turn: people who read, and dashboards that draw.
pub const MIXES: [(&str, [usize; 4]); 2] = [("readers", [3, 0, 1, 16]), ("dashboards", [4, 1, 10, 5])];

/// The body of the n-th request of a mix.
pub fn of_mix(shares: [usize; 4], n: usize) -> String {
    let turn: usize = shares.iter().sum();
    // Steps of a length that has nothing in common with the turn, so that the kinds alternate.
    let mut at = (n * 7) % turn;
    for (question, share) in QUESTIONS.iter().zip(shares) {
        if at < share {
            return question.body(n);
        }
        at -= share;
    }
    unreachable!("a place in the turn")
}
